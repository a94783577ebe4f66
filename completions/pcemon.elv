
set edit:completion:arg-completer[pcemon] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) PCEMON_COMPLETE="elvish" pcemon -- $@words) | to-lines
}

