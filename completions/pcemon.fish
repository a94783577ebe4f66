complete --keep-order --exclusive --command pcemon --arguments "(PCEMON_COMPLETE=fish pcemon -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
