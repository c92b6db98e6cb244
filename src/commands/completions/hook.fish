# What takes a name is completed with the names that there are.
function __concur_cred_names
    command concur-cred completions --list $argv[1] 2>/dev/null
end
for command in use rename token status refresh logout
    complete -c concur-cred -n "__fish_concur_cred_using_subcommand $command" -f -a "(__concur_cred_names profiles)"
end
complete -c concur-cred -n "__fish_concur_cred_using_subcommand login" -f -a "(__concur_cred_names data-centres)"
