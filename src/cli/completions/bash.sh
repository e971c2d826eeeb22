# Completions of daochain for bash 4.4 or newer: the program itself is asked, with the line as far as the cursor.
_daochain() {
    local IFS=$'\013' rest=${COMP_LINE:0:COMP_POINT} space=true word stripped i
    local -a words=()
    compopt +o nospace 2>/dev/null && space=false
    # bash takes words apart at `:`, `@` and `=`, which references and options hold: what no blank parts is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        stripped=${rest#"${rest%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        ((${#stripped} < ${#word})) && word=$stripped
        if ((i > 0)) && [[ $stripped == "$rest" && -n $stripped ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        rest=${stripped#"$word"}
    done
    # shellcheck disable=SC2207  # split at IFS, which the program prints between candidates
    COMPREPLY=($(_CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) _CLAP_COMPLETE_COMP_TYPE=$COMP_TYPE \
        _CLAP_COMPLETE_SPACE=$space DAOCHAIN_COMPLETE=bash daochain -- "${words[@]}" 2>/dev/null)) || COMPREPLY=()
    # bash puts candidates behind the last `:`, `@` or `=` of the word.
    local current=${words[${#words[@]} - 1]}
    COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*[:@=]}"}"}")
    if [[ $space == false && ${COMPREPLY-} =~ [=/:]$ ]]; then
        compopt -o nospace
    fi
}
complete -o nospace -o bashdefault -o nosort -F _daochain daochain
