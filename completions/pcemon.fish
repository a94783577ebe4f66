# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_pcemon_global_optspecs
    string join \n c/config= state= o/output= out= q/quiet v/verbose color= lang= log-format= h/help V/version
end

function __fish_pcemon_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_pcemon_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_pcemon_using_subcommand
    set -l cmd (__fish_pcemon_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c pcemon -n "__fish_pcemon_needs_command" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_needs_command" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_needs_command" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_needs_command" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_needs_command" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_needs_command" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_needs_command" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_needs_command" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_needs_command" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_needs_command" -s V -l version -d 'Print version'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "check" -d 'One monitoring cycle: ask the PCE, judge the rules, remember, alert, print, exit'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "demo" -d 'Two cycles against a simulated PCE inside this program; needs nothing, leaves nothing behind'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "flows" -d 'Flows of the PCE or of a recorded answer, chosen by the keys of a rule\'s `match`'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "top" -d 'Who talks most: talkers, destinations, pairs, ports, processes or labels, on one screen'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "events" -d 'Audit events of the PCE or of a recorded answer, newest first'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "vens" -d 'VENs of the PCE or of a recorded answer, by name'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "health" -d 'The PCE\'s own health: clusters and their nodes'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "rules" -d 'Look at the rules of the config'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "test" -d 'Unit tests of rules: records at given times, and what must come of them'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "replay" -d 'Backtest the rules: what would have fired, how often somebody would have been told, which thresholds fit'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "channel" -d 'Look at the channels of the config and try them'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "outbox" -d 'Messages that wait for delivery or were given up'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "silence" -d 'Have alerts told to nobody for a while'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "state" -d 'What is remembered between runs'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "completions" -d 'Print shell completions'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "man" -d 'Print the manual page, or write all pages into a folder'
complete -c pcemon -n "__fish_pcemon_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l rule -d 'Judge only the rules whose name matches (* ? [..] {a,b})' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l flows -d 'Read flows from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l events -d 'Read events from a recorded answer: the same forms' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l health -d 'Read health from a recorded answer: the same forms' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l vens -d 'Read VENs, and the workloads they manage, from a recorded answer: the same forms' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l database -d 'Read what the PCE says of its traffic database from a recorded answer: the same forms' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l now -d 'Take this as the present instant (RFC 3339) in everything the run decides' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l record -d 'Keep the raw answers of the PCE in this folder, compressed' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l fail-on -d 'What makes the exit code differ from 0' -r -f -a "never\t'Nothing: 0 also when rules fire or data is missing'
critical\t'Only critical'
warning\t'Critical and warning, not unknown'
unknown\t'Critical, warning and unknown'
new\t'What began to fire in this run, and unknown'"
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l lock-wait -d 'How long to wait for another run to end, for example 2m' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l dry-run -d 'Write no state and send nothing; show what would be sent'
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -l strict -d 'Let UNKNOWN outrank WARNING in the verdict'
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l flows -d 'Read flows from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l sort -d 'Order, the largest or latest first; without it flows come as the PCE sends them' -r -f -a "bytes\t'Bytes both ways'
connections\t'Connections'
bandwidth\t'Mean rate over the record\'s own span'
first\t'First detected'
last\t'Last detected'"
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l limit -d 'Rows shown; 0 shows all [default: 50 in a table or a sorted list, all else]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l columns -d 'Columns, in this order; `--columns help` lists them [default: a few in a table, all else]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l since -d 'From this instant (RFC 3339), or from so long ago (2h)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l until -d 'Up to this instant (RFC 3339), or up to so long ago [default: now]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l window -d 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l record -d 'Keep the raw answers of the PCE in this folder, compressed' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l decision -d 'Policy decision: allowed, potentially_blocked, blocked, unknown' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-decision -d 'Policy decision: allowed, potentially_blocked, blocked, unknown' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l port -d 'Destination port: 3306, 443/tcp, 27017-27019' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-port -d 'Destination port: 3306, 443/tcp, 27017-27019' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l proto -d 'Protocol, by name or number' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-proto -d 'Protocol, by name or number' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l process -d 'Process on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-process -d 'Process on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l service -d 'Windows service on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-service -d 'Windows service on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l user -d 'User on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-user -d 'User on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l fqdn -d 'Domain name of either end' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-fqdn -d 'Domain name of either end' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l direction -d 'Which end reported: inbound (the destination), outbound (the source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-direction -d 'Which end reported: inbound (the destination), outbound (the source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l connection-state -d 'State of the connection: active, closed, \'timed out\', snapshot' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-connection-state -d 'State of the connection: active, closed, \'timed out\', snapshot' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l transmission -d 'unicast, broadcast, multicast' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-transmission -d 'unicast, broadcast, multicast' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l network -d 'Network, by name' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-network -d 'Network, by name' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l client-type -d 'Kind of reporter: server, endpoint, flowlink, scanner' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-client-type -d 'Kind of reporter: server, endpoint, flowlink, scanner' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l src-label -d 'Label (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-src-label -d 'Label (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l dst-label -d 'Label (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-dst-label -d 'Label (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l any-label -d 'Label (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-any-label -d 'Label (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l src-ip -d 'Address, CIDR block or a-b range (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-src-ip -d 'Address, CIDR block or a-b range (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l dst-ip -d 'Address, CIDR block or a-b range (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-dst-ip -d 'Address, CIDR block or a-b range (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l any-ip -d 'Address, CIDR block or a-b range (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-any-ip -d 'Address, CIDR block or a-b range (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l src-ip-list -d 'IP list, by name (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-src-ip-list -d 'IP list, by name (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l dst-ip-list -d 'IP list, by name (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-dst-ip-list -d 'IP list, by name (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l any-ip-list -d 'IP list, by name (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-any-ip-list -d 'IP list, by name (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l src-workload -d 'Workload, by name or host name (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-src-workload -d 'Workload, by name or host name (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l dst-workload -d 'Workload, by name or host name (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-dst-workload -d 'Workload, by name or host name (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l any-workload -d 'Workload, by name or host name (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-any-workload -d 'Workload, by name or host name (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l src-managed -d 'Managed by a VEN (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-src-managed -d 'Managed by a VEN (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l dst-managed -d 'Managed by a VEN (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-dst-managed -d 'Managed by a VEN (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l src-enforcement -d 'Enforcement: idle, visibility_only, selective, full (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-src-enforcement -d 'Enforcement: idle, visibility_only, selective, full (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l dst-enforcement -d 'Enforcement: idle, visibility_only, selective, full (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-dst-enforcement -d 'Enforcement: idle, visibility_only, selective, full (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l src-os -d 'Operating system: linux, windows, unknown (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-src-os -d 'Operating system: linux, windows, unknown (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l dst-os -d 'Operating system: linux, windows, unknown (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l not-dst-os -d 'Operating system: linux, windows, unknown (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l match -d 'Conditions written as in the config: \'decision = ["blocked"], port = [3306]\'' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l exclude -d 'Conditions that leave out, written as in the config' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -l reverse -d 'Turn the order round'
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand flows" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l by -d 'What to rank by' -r -f -a "connections\t'Connections'
bytes\t'Bytes both ways'
blocked\t'Connections that policy blocked'"
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l key -d 'Label key for `top labels`, for example app, role, env or loc' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l limit -d 'Rows shown; 0 shows all' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l flows -d 'Read flows from a recorded answer: the same forms as for `pcemon flows`' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l since -d 'From this instant (RFC 3339), or from so long ago (2h)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l until -d 'Up to this instant (RFC 3339), or up to so long ago [default: now]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l window -d 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l record -d 'Keep the raw answers of the PCE in this folder, compressed' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l decision -d 'Policy decision: allowed, potentially_blocked, blocked, unknown' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-decision -d 'Policy decision: allowed, potentially_blocked, blocked, unknown' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l port -d 'Destination port: 3306, 443/tcp, 27017-27019' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-port -d 'Destination port: 3306, 443/tcp, 27017-27019' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l proto -d 'Protocol, by name or number' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-proto -d 'Protocol, by name or number' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l process -d 'Process on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-process -d 'Process on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l service -d 'Windows service on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-service -d 'Windows service on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l user -d 'User on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-user -d 'User on the reporting side' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l fqdn -d 'Domain name of either end' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-fqdn -d 'Domain name of either end' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l direction -d 'Which end reported: inbound (the destination), outbound (the source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-direction -d 'Which end reported: inbound (the destination), outbound (the source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l connection-state -d 'State of the connection: active, closed, \'timed out\', snapshot' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-connection-state -d 'State of the connection: active, closed, \'timed out\', snapshot' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l transmission -d 'unicast, broadcast, multicast' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-transmission -d 'unicast, broadcast, multicast' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l network -d 'Network, by name' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-network -d 'Network, by name' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l client-type -d 'Kind of reporter: server, endpoint, flowlink, scanner' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-client-type -d 'Kind of reporter: server, endpoint, flowlink, scanner' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l src-label -d 'Label (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-src-label -d 'Label (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l dst-label -d 'Label (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-dst-label -d 'Label (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l any-label -d 'Label (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-any-label -d 'Label (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l src-ip -d 'Address, CIDR block or a-b range (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-src-ip -d 'Address, CIDR block or a-b range (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l dst-ip -d 'Address, CIDR block or a-b range (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-dst-ip -d 'Address, CIDR block or a-b range (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l any-ip -d 'Address, CIDR block or a-b range (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-any-ip -d 'Address, CIDR block or a-b range (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l src-ip-list -d 'IP list, by name (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-src-ip-list -d 'IP list, by name (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l dst-ip-list -d 'IP list, by name (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-dst-ip-list -d 'IP list, by name (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l any-ip-list -d 'IP list, by name (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-any-ip-list -d 'IP list, by name (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l src-workload -d 'Workload, by name or host name (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-src-workload -d 'Workload, by name or host name (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l dst-workload -d 'Workload, by name or host name (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-dst-workload -d 'Workload, by name or host name (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l any-workload -d 'Workload, by name or host name (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-any-workload -d 'Workload, by name or host name (either end)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l src-managed -d 'Managed by a VEN (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-src-managed -d 'Managed by a VEN (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l dst-managed -d 'Managed by a VEN (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-dst-managed -d 'Managed by a VEN (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l src-enforcement -d 'Enforcement: idle, visibility_only, selective, full (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-src-enforcement -d 'Enforcement: idle, visibility_only, selective, full (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l dst-enforcement -d 'Enforcement: idle, visibility_only, selective, full (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-dst-enforcement -d 'Enforcement: idle, visibility_only, selective, full (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l src-os -d 'Operating system: linux, windows, unknown (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-src-os -d 'Operating system: linux, windows, unknown (source)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l dst-os -d 'Operating system: linux, windows, unknown (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l not-dst-os -d 'Operating system: linux, windows, unknown (destination)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l match -d 'Conditions written as in the config: \'decision = ["blocked"], port = [3306]\'' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l exclude -d 'Conditions that leave out, written as in the config' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l events -d 'Read events from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l limit -d 'Rows shown; 0 shows all [default: 50 in a table or a sorted list, all else]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l columns -d 'Columns, in this order; `--columns help` lists them [default: a few in a table, all else]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l since -d 'From this instant (RFC 3339), or from so long ago (2h)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l until -d 'Up to this instant (RFC 3339), or up to so long ago [default: now]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l window -d 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l record -d 'Keep the raw answers of the PCE in this folder, compressed' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l type -d 'Event type, for example user.sign_in or sec_policy.*' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l not-type -d 'Event type, for example user.sign_in or sec_policy.*' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l severity -d 'Severity as the PCE writes it: err, warning, info' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l not-severity -d 'Severity as the PCE writes it: err, warning, info' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l status -d 'success or failure' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l not-status -d 'success or failure' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l notification -d 'Notification inside the event, for example user.login_failed' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l not-notification -d 'Notification inside the event, for example user.login_failed' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l actor -d 'Who did it: user name, host name or href' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l not-actor -d 'Who did it: user name, host name or href' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l src-ip -d 'Where the call came from: address, CIDR block or range' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l not-src-ip -d 'Where the call came from: address, CIDR block or range' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l pce-fqdn -d 'Which PCE recorded it' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l not-pce-fqdn -d 'Which PCE recorded it' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l resource -d 'Name or href of what was changed' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l not-resource -d 'Name or href of what was changed' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l match -d 'Conditions written as in the config: \'decision = ["blocked"], port = [3306]\'' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l exclude -d 'Conditions that leave out, written as in the config' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -l reverse -d 'Turn the order round'
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l vens -d 'Read VENs, and the workloads they manage, from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l limit -d 'Rows shown; 0 shows all [default: 50 in a table or a sorted list, all else]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l columns -d 'Columns, in this order; `--columns help` lists them [default: a few in a table, all else]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l record -d 'Keep the raw answers of the PCE in this folder, compressed' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l ven -d 'VEN, by name or host name' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-ven -d 'VEN, by name or host name' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l label -d 'Label' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-label -d 'Label' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l status -d 'active, suspended or uninstalled' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-status -d 'active, suspended or uninstalled' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l version -d 'Version of the VEN' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-version -d 'Version of the VEN' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l os -d 'Operating system' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-os -d 'Operating system' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l enforcement -d 'Enforcement: idle, visibility_only, selective, full' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-enforcement -d 'Enforcement: idle, visibility_only, selective, full' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l sync-state -d 'Policy sync state: applied, synced, syncing, staged' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-sync-state -d 'Policy sync state: applied, synced, syncing, staged' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l condition -d 'Health condition, for example agent.missed_heartbeats' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-condition -d 'Health condition, for example agent.missed_heartbeats' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l online -d 'Online' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-online -d 'Online' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l offline -d 'Offline' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-offline -d 'Offline' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l ven-type -d 'server, endpoint or containerized-ven' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-ven-type -d 'server, endpoint or containerized-ven' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l active-pce -d 'PCE it reports to' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-active-pce -d 'PCE it reports to' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l ip -d 'Address, CIDR block or a-b range' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-ip -d 'Address, CIDR block or a-b range' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l heartbeat-older -d 'Last heartbeat older than this' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l not-heartbeat-older -d 'Last heartbeat older than this' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l match -d 'Conditions written as in the config: \'decision = ["blocked"], port = [3306]\'' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l exclude -d 'Conditions that leave out, written as in the config' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -l reverse -d 'Turn the order round'
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand vens" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -l health -d 'Read health from a recorded answer: a file, a folder of --record, or - for standard input' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -l record -d 'Keep the raw answers of the PCE in this folder, compressed' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -f -a "list" -d 'One line for each rule'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -f -a "validate" -d 'Prove the config without contacting anything; all mistakes in one go'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -f -a "example" -d 'Print a documented example config'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and not __fish_seen_subcommand_from list validate example help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from example" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "list" -d 'One line for each rule'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "validate" -d 'Prove the config without contacting anything; all mistakes in one go'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "example" -d 'Print a documented example config'
complete -c pcemon -n "__fish_pcemon_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -l test -d 'Run only the tests whose name matches (* ? [..] {a,b})' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l flows -d 'One export of flows instead (JSON array or one object per line, plain or gzip)' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l events -d 'One export of events instead' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l step -d 'With an export: how far apart the runs are' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l from -d 'With an export: the first run (RFC 3339) [default: the first record]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l to -d 'With an export: the last run [default: after the last record]' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l rule -d 'Replay only the rules whose name matches (* ? [..] {a,b}), also disabled ones' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -f -a "list" -d 'One line for each channel'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -f -a "test" -d 'Send a test message to one channel'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and not __fish_seen_subcommand_from list test help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -l no-send -d 'Only show what would be sent'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from help" -f -a "list" -d 'One line for each channel'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from help" -f -a "test" -d 'Send a test message to one channel'
complete -c pcemon -n "__fish_pcemon_using_subcommand channel; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -f -a "list" -d 'One line for each message that waits or was given up'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -f -a "retry" -d 'Have the next run try messages without waiting longer, also those that were given up'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -f -a "drop" -d 'Throw messages away; their alerts are told again while they fire'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and not __fish_seen_subcommand_from list retry drop help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -l all -d 'All of them'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -l all -d 'All of them'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "list" -d 'One line for each message that waits or was given up'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "retry" -d 'Have the next run try messages without waiting longer, also those that were given up'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "drop" -d 'Throw messages away; their alerts are told again while they fire'
complete -c pcemon -n "__fish_pcemon_using_subcommand outbox; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -f -a "add" -d 'Silence alerts: they are followed as always, told to nobody, and do not count for the exit code'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -f -a "list" -d 'One line for each silence in force'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -f -a "expire" -d 'End silences now'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and not __fish_seen_subcommand_from add list expire help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l match -d 'Which alerts, for example rule=\'Blocked*\' or severity!=critical; may be repeated, all must fit' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l fingerprint -d 'One alert that fires, by its fingerprint or the beginning of it (see `pcemon state show`), until it is over' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l for -d 'How long, for example 2h' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l until -d 'Until when (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l reason -d 'Why, for those who wonder' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l by -d 'Who wants it' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -l all -d 'Also those that ended within the last 7 days'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -l all -d 'All of them'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from expire" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "add" -d 'Silence alerts: they are followed as always, told to nobody, and do not count for the exit code'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "list" -d 'One line for each silence in force'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "expire" -d 'End silences now'
complete -c pcemon -n "__fish_pcemon_using_subcommand silence; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -f -a "show" -d 'What is remembered, and every alert with its fingerprint, for people or as JSON (-o json)'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -f -a "reset" -d 'Forget everything but silences: firing alerts are told again, traffic numbers learn anew'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and not __fish_seen_subcommand_from show reset help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -l now -d 'Take this as the present instant (RFC 3339)' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -l yes -d 'Do it without asking'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from help" -f -a "show" -d 'What is remembered, and every alert with its fingerprint, for people or as JSON (-o json)'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from help" -f -a "reset" -d 'Forget everything but silences: firing alerts are told again, traffic numbers learn anew'
complete -c pcemon -n "__fish_pcemon_using_subcommand state; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -l out-dir -d 'Write one page for each command into this folder' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -s c -l config -d 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -l state -d 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]' -r -F
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -s o -l output -d 'Format of the result on standard output [default: table]' -r -f -a "table\t'aligned columns for people'
json\t'the whole report as one JSON object'
ndjson\t'one JSON object per line'
csv\t'one row per rule and per instance'
markdown\t'GitHub-flavoured Markdown'
nagios\t'Monitoring Plugins output with performance data'
checkmk\t'Checkmk local check, one service per rule'
prometheus\t'metrics for node_exporter\'s textfile collector'
junit\t'JUnit XML, one test case per rule'
sarif\t'SARIF 2.1.0 for code scanning views'
github\t'GitHub Actions annotations'
tap\t'Test Anything Protocol 14'
cef\t'ArcSight CEF, one line per firing instance'"
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -l out -d 'Write the result also to a file, as FORMAT=PATH; may be repeated' -r
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -l color -d 'Colours in the table' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -l lang -d 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]' -r -f -a "en\t''
zh-TW\t''"
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -l log-format -d 'Form of the messages on standard error' -r -f -a "text\t'Lines for people'
json\t'One JSON object per line'"
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -s q -l quiet -d 'Print nothing when all is well'
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -s v -l verbose -d 'Say more on standard error (-vv for everything), and show disabled rules in the table'
complete -c pcemon -n "__fish_pcemon_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "check" -d 'One monitoring cycle: ask the PCE, judge the rules, remember, alert, print, exit'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "demo" -d 'Two cycles against a simulated PCE inside this program; needs nothing, leaves nothing behind'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "flows" -d 'Flows of the PCE or of a recorded answer, chosen by the keys of a rule\'s `match`'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "top" -d 'Who talks most: talkers, destinations, pairs, ports, processes or labels, on one screen'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "events" -d 'Audit events of the PCE or of a recorded answer, newest first'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "vens" -d 'VENs of the PCE or of a recorded answer, by name'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "health" -d 'The PCE\'s own health: clusters and their nodes'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "rules" -d 'Look at the rules of the config'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "test" -d 'Unit tests of rules: records at given times, and what must come of them'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "replay" -d 'Backtest the rules: what would have fired, how often somebody would have been told, which thresholds fit'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "channel" -d 'Look at the channels of the config and try them'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "outbox" -d 'Messages that wait for delivery or were given up'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "silence" -d 'Have alerts told to nobody for a while'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "state" -d 'What is remembered between runs'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "completions" -d 'Print shell completions'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "man" -d 'Print the manual page, or write all pages into a folder'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and not __fish_seen_subcommand_from check demo flows top events vens health rules test replay channel outbox silence state completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "list" -d 'One line for each rule'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "validate" -d 'Prove the config without contacting anything; all mistakes in one go'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "example" -d 'Print a documented example config'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from channel" -f -a "list" -d 'One line for each channel'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from channel" -f -a "test" -d 'Send a test message to one channel'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "list" -d 'One line for each message that waits or was given up'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "retry" -d 'Have the next run try messages without waiting longer, also those that were given up'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from outbox" -f -a "drop" -d 'Throw messages away; their alerts are told again while they fire'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "add" -d 'Silence alerts: they are followed as always, told to nobody, and do not count for the exit code'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "list" -d 'One line for each silence in force'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from silence" -f -a "expire" -d 'End silences now'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from state" -f -a "show" -d 'What is remembered, and every alert with its fingerprint, for people or as JSON (-o json)'
complete -c pcemon -n "__fish_pcemon_using_subcommand help; and __fish_seen_subcommand_from state" -f -a "reset" -d 'Forget everything but silences: firing alerts are told again, traffic numbers learn anew'
