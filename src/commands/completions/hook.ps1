
    # What takes a name is completed with the names that there are.
    $before = @($commandAst.CommandElements | ForEach-Object { "$_" })
    if ($wordToComplete) { $before = @($before | Select-Object -SkipLast 1) }
    $list = switch ($before[-1]) {
        '--profile' { 'profiles' }
        '--application' { 'applications' }
        '--base-url' { 'data-centres' }
        'use' { 'profiles' }
        'rename' { 'profiles' }
        'token' { 'profiles' }
        'status' { 'profiles' }
        'refresh' { 'profiles' }
        'logout' { 'profiles' }
        'login' { 'data-centres' }
    }
    if ($list -and $wordToComplete -notlike '-*') {
        & concur-cred completions --list $list 2>$null |
            Where-Object { $_.StartsWith($wordToComplete) } |
            ForEach-Object { [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, $_) }
        return
    }
