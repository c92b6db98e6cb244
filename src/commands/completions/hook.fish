# What takes a name is completed with the names that there are.
function __concur_cred_names
    command concur-cred completions --list $argv[1] 2>/dev/null
end
complete -c concur-cred -n "__fish_concur_cred_using_subcommand use" -f -a "(__concur_cred_names profiles)"
complete -c concur-cred -n "__fish_concur_cred_using_subcommand rename" -f -a "(__concur_cred_names profiles)"
