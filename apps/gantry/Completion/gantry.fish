# fish completion for gantry; all that it knows it asks the program itself.
function __gantry_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in (command $program __complete $words 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path (commandline -ct)
            case ':directories*'
                __fish_complete_directories (commandline -ct)
            case ':commands*'
                __fish_complete_command
            case '*'
                echo $line
        end
    end
end
complete -c gantry -f -a '(__gantry_complete)'
