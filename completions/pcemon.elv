
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
            cand flows 'Flows of the PCE or of a recorded answer, chosen by the keys of a rule''s `match`'
            cand top 'Who talks most: talkers, destinations, pairs, ports, processes or labels, on one screen'
            cand events 'Audit events of the PCE or of a recorded answer, newest first'
            cand health 'The PCE''s own health: clusters and their nodes'
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
        &'pcemon;flows'= {
            cand --flows 'Read flows from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input'
            cand --sort 'Order, the largest or latest first; without it flows come as the PCE sends them'
            cand --limit 'Rows shown; 0 shows all [default: 50 in a table or a sorted list, all else]'
            cand --columns 'Columns, in this order; `--columns help` lists them [default: a few in a table, all else]'
            cand --since 'From this instant (RFC 3339), or from so long ago (2h)'
            cand --until 'Up to this instant (RFC 3339), or up to so long ago [default: now]'
            cand --window 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]'
            cand --now 'Take this as the present instant (RFC 3339)'
            cand --record 'Keep the raw answers of the PCE in this folder, compressed'
            cand --decision 'Policy decision: allowed, potentially_blocked, blocked, unknown'
            cand --not-decision 'Policy decision: allowed, potentially_blocked, blocked, unknown'
            cand --port 'Destination port: 3306, 443/tcp, 27017-27019'
            cand --not-port 'Destination port: 3306, 443/tcp, 27017-27019'
            cand --proto 'Protocol, by name or number'
            cand --not-proto 'Protocol, by name or number'
            cand --process 'Process on the reporting side'
            cand --not-process 'Process on the reporting side'
            cand --service 'Windows service on the reporting side'
            cand --not-service 'Windows service on the reporting side'
            cand --user 'User on the reporting side'
            cand --not-user 'User on the reporting side'
            cand --fqdn 'Domain name of either end'
            cand --not-fqdn 'Domain name of either end'
            cand --direction 'Which end reported: inbound (the destination), outbound (the source)'
            cand --not-direction 'Which end reported: inbound (the destination), outbound (the source)'
            cand --connection-state 'State of the connection: active, closed, ''timed out'', snapshot'
            cand --not-connection-state 'State of the connection: active, closed, ''timed out'', snapshot'
            cand --transmission 'unicast, broadcast, multicast'
            cand --not-transmission 'unicast, broadcast, multicast'
            cand --network 'Network, by name'
            cand --not-network 'Network, by name'
            cand --client-type 'Kind of reporter: server, endpoint, flowlink, scanner'
            cand --not-client-type 'Kind of reporter: server, endpoint, flowlink, scanner'
            cand --src-label 'Label (source)'
            cand --not-src-label 'Label (source)'
            cand --dst-label 'Label (destination)'
            cand --not-dst-label 'Label (destination)'
            cand --any-label 'Label (either end)'
            cand --not-any-label 'Label (either end)'
            cand --src-ip 'Address, CIDR block or a-b range (source)'
            cand --not-src-ip 'Address, CIDR block or a-b range (source)'
            cand --dst-ip 'Address, CIDR block or a-b range (destination)'
            cand --not-dst-ip 'Address, CIDR block or a-b range (destination)'
            cand --any-ip 'Address, CIDR block or a-b range (either end)'
            cand --not-any-ip 'Address, CIDR block or a-b range (either end)'
            cand --src-ip-list 'IP list, by name (source)'
            cand --not-src-ip-list 'IP list, by name (source)'
            cand --dst-ip-list 'IP list, by name (destination)'
            cand --not-dst-ip-list 'IP list, by name (destination)'
            cand --any-ip-list 'IP list, by name (either end)'
            cand --not-any-ip-list 'IP list, by name (either end)'
            cand --src-workload 'Workload, by name or host name (source)'
            cand --not-src-workload 'Workload, by name or host name (source)'
            cand --dst-workload 'Workload, by name or host name (destination)'
            cand --not-dst-workload 'Workload, by name or host name (destination)'
            cand --any-workload 'Workload, by name or host name (either end)'
            cand --not-any-workload 'Workload, by name or host name (either end)'
            cand --src-managed 'Managed by a VEN (source)'
            cand --not-src-managed 'Managed by a VEN (source)'
            cand --dst-managed 'Managed by a VEN (destination)'
            cand --not-dst-managed 'Managed by a VEN (destination)'
            cand --src-enforcement 'Enforcement: idle, visibility_only, selective, full (source)'
            cand --not-src-enforcement 'Enforcement: idle, visibility_only, selective, full (source)'
            cand --dst-enforcement 'Enforcement: idle, visibility_only, selective, full (destination)'
            cand --not-dst-enforcement 'Enforcement: idle, visibility_only, selective, full (destination)'
            cand --src-os 'Operating system: linux, windows, unknown (source)'
            cand --not-src-os 'Operating system: linux, windows, unknown (source)'
            cand --dst-os 'Operating system: linux, windows, unknown (destination)'
            cand --not-dst-os 'Operating system: linux, windows, unknown (destination)'
            cand --match 'Conditions written as in the config: ''decision = ["blocked"], port = [3306]'''
            cand --exclude 'Conditions that leave out, written as in the config'
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --log-format 'Form of the messages on standard error'
            cand --reverse 'Turn the order round'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;top'= {
            cand --by 'What to rank by'
            cand --key 'Label key for `top labels`, for example app, role, env or loc'
            cand --limit 'Rows shown; 0 shows all'
            cand --flows 'Read flows from a recorded answer: the same forms as for `pcemon flows`'
            cand --since 'From this instant (RFC 3339), or from so long ago (2h)'
            cand --until 'Up to this instant (RFC 3339), or up to so long ago [default: now]'
            cand --window 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]'
            cand --now 'Take this as the present instant (RFC 3339)'
            cand --record 'Keep the raw answers of the PCE in this folder, compressed'
            cand --decision 'Policy decision: allowed, potentially_blocked, blocked, unknown'
            cand --not-decision 'Policy decision: allowed, potentially_blocked, blocked, unknown'
            cand --port 'Destination port: 3306, 443/tcp, 27017-27019'
            cand --not-port 'Destination port: 3306, 443/tcp, 27017-27019'
            cand --proto 'Protocol, by name or number'
            cand --not-proto 'Protocol, by name or number'
            cand --process 'Process on the reporting side'
            cand --not-process 'Process on the reporting side'
            cand --service 'Windows service on the reporting side'
            cand --not-service 'Windows service on the reporting side'
            cand --user 'User on the reporting side'
            cand --not-user 'User on the reporting side'
            cand --fqdn 'Domain name of either end'
            cand --not-fqdn 'Domain name of either end'
            cand --direction 'Which end reported: inbound (the destination), outbound (the source)'
            cand --not-direction 'Which end reported: inbound (the destination), outbound (the source)'
            cand --connection-state 'State of the connection: active, closed, ''timed out'', snapshot'
            cand --not-connection-state 'State of the connection: active, closed, ''timed out'', snapshot'
            cand --transmission 'unicast, broadcast, multicast'
            cand --not-transmission 'unicast, broadcast, multicast'
            cand --network 'Network, by name'
            cand --not-network 'Network, by name'
            cand --client-type 'Kind of reporter: server, endpoint, flowlink, scanner'
            cand --not-client-type 'Kind of reporter: server, endpoint, flowlink, scanner'
            cand --src-label 'Label (source)'
            cand --not-src-label 'Label (source)'
            cand --dst-label 'Label (destination)'
            cand --not-dst-label 'Label (destination)'
            cand --any-label 'Label (either end)'
            cand --not-any-label 'Label (either end)'
            cand --src-ip 'Address, CIDR block or a-b range (source)'
            cand --not-src-ip 'Address, CIDR block or a-b range (source)'
            cand --dst-ip 'Address, CIDR block or a-b range (destination)'
            cand --not-dst-ip 'Address, CIDR block or a-b range (destination)'
            cand --any-ip 'Address, CIDR block or a-b range (either end)'
            cand --not-any-ip 'Address, CIDR block or a-b range (either end)'
            cand --src-ip-list 'IP list, by name (source)'
            cand --not-src-ip-list 'IP list, by name (source)'
            cand --dst-ip-list 'IP list, by name (destination)'
            cand --not-dst-ip-list 'IP list, by name (destination)'
            cand --any-ip-list 'IP list, by name (either end)'
            cand --not-any-ip-list 'IP list, by name (either end)'
            cand --src-workload 'Workload, by name or host name (source)'
            cand --not-src-workload 'Workload, by name or host name (source)'
            cand --dst-workload 'Workload, by name or host name (destination)'
            cand --not-dst-workload 'Workload, by name or host name (destination)'
            cand --any-workload 'Workload, by name or host name (either end)'
            cand --not-any-workload 'Workload, by name or host name (either end)'
            cand --src-managed 'Managed by a VEN (source)'
            cand --not-src-managed 'Managed by a VEN (source)'
            cand --dst-managed 'Managed by a VEN (destination)'
            cand --not-dst-managed 'Managed by a VEN (destination)'
            cand --src-enforcement 'Enforcement: idle, visibility_only, selective, full (source)'
            cand --not-src-enforcement 'Enforcement: idle, visibility_only, selective, full (source)'
            cand --dst-enforcement 'Enforcement: idle, visibility_only, selective, full (destination)'
            cand --not-dst-enforcement 'Enforcement: idle, visibility_only, selective, full (destination)'
            cand --src-os 'Operating system: linux, windows, unknown (source)'
            cand --not-src-os 'Operating system: linux, windows, unknown (source)'
            cand --dst-os 'Operating system: linux, windows, unknown (destination)'
            cand --not-dst-os 'Operating system: linux, windows, unknown (destination)'
            cand --match 'Conditions written as in the config: ''decision = ["blocked"], port = [3306]'''
            cand --exclude 'Conditions that leave out, written as in the config'
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --log-format 'Form of the messages on standard error'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;events'= {
            cand --events 'Read events from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input'
            cand --limit 'Rows shown; 0 shows all [default: 50 in a table or a sorted list, all else]'
            cand --columns 'Columns, in this order; `--columns help` lists them [default: a few in a table, all else]'
            cand --since 'From this instant (RFC 3339), or from so long ago (2h)'
            cand --until 'Up to this instant (RFC 3339), or up to so long ago [default: now]'
            cand --window 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]'
            cand --now 'Take this as the present instant (RFC 3339)'
            cand --record 'Keep the raw answers of the PCE in this folder, compressed'
            cand --type 'Event type, for example user.sign_in or sec_policy.*'
            cand --not-type 'Event type, for example user.sign_in or sec_policy.*'
            cand --severity 'Severity as the PCE writes it: err, warning, info'
            cand --not-severity 'Severity as the PCE writes it: err, warning, info'
            cand --status 'success or failure'
            cand --not-status 'success or failure'
            cand --notification 'Notification inside the event, for example user.login_failed'
            cand --not-notification 'Notification inside the event, for example user.login_failed'
            cand --actor 'Who did it: user name, host name or href'
            cand --not-actor 'Who did it: user name, host name or href'
            cand --src-ip 'Where the call came from: address, CIDR block or range'
            cand --not-src-ip 'Where the call came from: address, CIDR block or range'
            cand --pce-fqdn 'Which PCE recorded it'
            cand --not-pce-fqdn 'Which PCE recorded it'
            cand --resource 'Name or href of what was changed'
            cand --not-resource 'Name or href of what was changed'
            cand --match 'Conditions written as in the config: ''decision = ["blocked"], port = [3306]'''
            cand --exclude 'Conditions that leave out, written as in the config'
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
            cand --log-format 'Form of the messages on standard error'
            cand --reverse 'Turn the order round'
            cand -q 'Print nothing when all is well'
            cand --quiet 'Print nothing when all is well'
            cand -v 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand --verbose 'Say more on standard error (-vv for everything), and show disabled rules in the table'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'pcemon;health'= {
            cand --health 'Read health from a recorded answer: a file, a folder of --record, or - for standard input'
            cand --now 'Take this as the present instant (RFC 3339)'
            cand --record 'Keep the raw answers of the PCE in this folder, compressed'
            cand -c 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --config 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]'
            cand --state 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]'
            cand -o 'Format of the result on standard output [default: table]'
            cand --output 'Format of the result on standard output [default: table]'
            cand --out 'Write the result also to a file, as FORMAT=PATH; may be repeated'
            cand --color 'Colours in the table'
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
            cand flows 'Flows of the PCE or of a recorded answer, chosen by the keys of a rule''s `match`'
            cand top 'Who talks most: talkers, destinations, pairs, ports, processes or labels, on one screen'
            cand events 'Audit events of the PCE or of a recorded answer, newest first'
            cand health 'The PCE''s own health: clusters and their nodes'
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
        &'pcemon;help;flows'= {
        }
        &'pcemon;help;top'= {
        }
        &'pcemon;help;events'= {
        }
        &'pcemon;help;health'= {
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
