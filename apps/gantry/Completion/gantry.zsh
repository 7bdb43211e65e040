#compdef gantry
# zsh completion for gantry; all that it knows it asks the program itself.
_gantry() {
  local line value meaning
  local -a values displays
  while IFS= read -r line; do
    value=${line%%$'\t'*}
    meaning=${line#*$'\t'}
    case $value in
      :files) _files ;;
      :directories) _files -/ ;;
      :commands) _command_names -e ;;
      *)
        values+=("$value")
        if [[ $line == *$'\t'?* ]]; then displays+=("$value  -- $meaning"); else displays+=("$value"); fi
        ;;
    esac
  done < <(command "${words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( ${#values} )) && compadd -l -d displays -a values
}
if [[ ${funcstack[1]} == _gantry ]]; then _gantry "$@"; else compdef _gantry gantry; fi
