# bash completion for gantry; all that it knows it asks the program itself.
_gantry() {
  local line=$COMP_LINE rest word words=() i

  # bash parts words at colons and equals signs too; put them together again.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    rest=${line#"${line%%[![:space:]]*}"}
    if ((i > 0)) && [[ $rest == "$line" && -n $word ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    line=${rest#"$word"}
  done

  local current=${words[${#words[@]} - 1]} prefix= value
  COMPREPLY=()
  [[ $current == *[:=]* ]] && prefix=${current%"${current##*[:=]}"}
  while IFS=$'\t' read -r value _; do
    case $value in
      :files)
        compopt -o filenames
        local file
        while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "${current#"$prefix"}")
        ;;
      :directories)
        compopt -o filenames
        local directory
        while IFS= read -r directory; do COMPREPLY+=("$directory"); done < <(compgen -d -- "${current#"$prefix"}")
        ;;
      :commands)
        local name
        while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -c -- "$current")
        ;;
      "$current"*) COMPREPLY+=("${value#"$prefix"}") ;;
    esac
  done < <(command "${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
  return 0
}
complete -F _gantry gantry
