
# What takes a name is completed with the names that there are.
_concur_cred_or_names() {
    local word="${COMP_WORDS[COMP_CWORD]}" name what=""
    local -i before=COMP_CWORD-1
    # --option=word is three words to bash.
    if [[ $word == "=" ]]; then
        word=""
    elif [[ ${COMP_WORDS[before]} == "=" ]]; then
        before+=-1
    fi
    case "${COMP_WORDS[before]}" in
        --profile) what=profiles ;;
        --application) what=applications ;;
        --base-url) what=data-centres ;;
        use | rename | token | status | refresh | logout)
            [[ ${COMP_WORDS[before-1]} == --* ]] || what=profiles ;;
        login) [[ ${COMP_WORDS[before-1]} == --* ]] || what=data-centres ;;
    esac
    if [[ -z $what || $word == -* ]]; then
        _concur__cred "$@"
        return
    fi
    COMPREPLY=()
    # No file takes the place of a name.
    compopt +o default +o bashdefault 2>/dev/null
    while IFS= read -r name; do
        [[ $name != "$word"* ]] || COMPREPLY+=("$name")
    done < <(command concur-cred completions --list "$what" 2>/dev/null)
}
