(( $+functions[_concur_cred_names] )) ||
# What takes a name is completed with the names that there are; the last argument says which.
_concur_cred_names() {
    local -a names
    names=(${(f)"$(command concur-cred completions --list ${@[-1]} 2>/dev/null)"})
    compadd "${@[1,-2]}" -a names
}
