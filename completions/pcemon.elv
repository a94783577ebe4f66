
use builtin;
use str;

set edit:completion:arg-completer[pcemon] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'pcemon'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'pcemon'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand check 'One monitoring cycle: ask the PCE, judge the rules, remember, alert, print, exit'
            cand demo 'Two cycles against a simulated PCE inside this program; needs nothing, leaves nothing behind'
            cand rules 'Look at the rules of the config'
            cand channel 'Look at the channels of the config and try them'
            cand outbox 'Messages that wait for delivery or were given up'
            cand state 'What is remembered between runs'
            cand completions 'Print shell completions'
            cand man 'Print the manual page, or write all pages into a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;check'= {
            cand --rule 'Judge only the rules whose name matches (* ? [..] {a,b})'
            cand --flows 'Read flows from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input'
            cand --events 'Read events from a recorded answer: the same forms'
            cand --health 'Read health from a recorded answer: the same forms'
            cand --now 'Take this as the present instant (RFC 3339) in everything the run decides'
            cand --record 'Keep the raw answers of the PCE in this folder, compressed'
            cand --fail-on 'What makes the exit code differ from 0'
            cand --lock-wait 'How long to wait for another run to end, for example 2m'
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand --dry-run 'Write no state and send nothing; show what would be sent'
            cand --strict 'Let UNKNOWN outrank WARNING in the verdict'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;demo'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;rules'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'One line for each rule'
            cand validate 'Prove the config without contacting anything; all mistakes in one go'
            cand example 'Print a documented example config'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;rules;list'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;rules;validate'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;rules;example'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;rules;help'= {
            cand list 'One line for each rule'
            cand validate 'Prove the config without contacting anything; all mistakes in one go'
            cand example 'Print a documented example config'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;rules;help;list'= {
        }
        &'pcemon;rules;help;validate'= {
        }
        &'pcemon;rules;help;example'= {
        }
        &'pcemon;rules;help;help'= {
        }
        &'pcemon;channel'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'One line for each channel'
            cand test 'Send a test message to one channel'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;channel;list'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;channel;test'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand --no-send 'Only show what would be sent'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;channel;help'= {
            cand list 'One line for each channel'
            cand test 'Send a test message to one channel'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;channel;help;list'= {
        }
        &'pcemon;channel;help;test'= {
        }
        &'pcemon;channel;help;help'= {
        }
        &'pcemon;outbox'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand list 'One line for each message that waits or was given up'
            cand retry 'Have the next run try messages without waiting longer, also those that were given up'
            cand drop 'Throw messages away; their alerts are told again while they fire'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;outbox;list'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;outbox;retry'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand --all 'All of them'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;outbox;drop'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand --all 'All of them'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;outbox;help'= {
            cand list 'One line for each message that waits or was given up'
            cand retry 'Have the next run try messages without waiting longer, also those that were given up'
            cand drop 'Throw messages away; their alerts are told again while they fire'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;outbox;help;list'= {
        }
        &'pcemon;outbox;help;retry'= {
        }
        &'pcemon;outbox;help;drop'= {
        }
        &'pcemon;outbox;help;help'= {
        }
        &'pcemon;state'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand show 'What is remembered, for people or as JSON (-o json)'
            cand reset 'Forget everything: firing alerts are told again, traffic numbers learn anew'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;state;show'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;state;reset'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand --yes 'Do it without asking'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;state;help'= {
            cand show 'What is remembered, for people or as JSON (-o json)'
            cand reset 'Forget everything: firing alerts are told again, traffic numbers learn anew'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;state;help;show'= {
        }
        &'pcemon;state;help;reset'= {
        }
        &'pcemon;state;help;help'= {
        }
        &'pcemon;completions'= {
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;man'= {
            cand --out-dir 'Write one page for each command into this folder'
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --lang 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;help'= {
            cand check 'One monitoring cycle: ask the PCE, judge the rules, remember, alert, print, exit'
            cand demo 'Two cycles against a simulated PCE inside this program; needs nothing, leaves nothing behind'
            cand rules 'Look at the rules of the config'
            cand channel 'Look at the channels of the config and try them'
            cand outbox 'Messages that wait for delivery or were given up'
            cand state 'What is remembered between runs'
            cand completions 'Print shell completions'
            cand man 'Print the manual page, or write all pages into a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'pcemon;help;check'= {
        }
        &'pcemon;help;demo'= {
        }
        &'pcemon;help;rules'= {
            cand list 'One line for each rule'
            cand validate 'Prove the config without contacting anything; all mistakes in one go'
            cand example 'Print a documented example config'
        }
        &'pcemon;help;rules;list'= {
        }
        &'pcemon;help;rules;validate'= {
        }
        &'pcemon;help;rules;example'= {
        }
        &'pcemon;help;channel'= {
            cand list 'One line for each channel'
            cand test 'Send a test message to one channel'
        }
        &'pcemon;help;channel;list'= {
        }
        &'pcemon;help;channel;test'= {
        }
        &'pcemon;help;outbox'= {
            cand list 'One line for each message that waits or was given up'
            cand retry 'Have the next run try messages without waiting longer, also those that were given up'
            cand drop 'Throw messages away; their alerts are told again while they fire'
        }
        &'pcemon;help;outbox;list'= {
        }
        &'pcemon;help;outbox;retry'= {
        }
        &'pcemon;help;outbox;drop'= {
        }
        &'pcemon;help;state'= {
            cand show 'What is remembered, for people or as JSON (-o json)'
            cand reset 'Forget everything: firing alerts are told again, traffic numbers learn anew'
        }
        &'pcemon;help;state;show'= {
        }
        &'pcemon;help;state;reset'= {
        }
        &'pcemon;help;completions'= {
        }
        &'pcemon;help;man'= {
        }
        &'pcemon;help;help'= {
        }
    ]
    $completions[$command]
}
