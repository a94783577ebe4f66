
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'pcemon' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'pcemon'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'pcemon' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'One monitoring cycle: ask the PCE, judge the rules, remember, alert, print, exit')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Two cycles against a simulated PCE inside this program; needs nothing, leaves nothing behind')
            [CompletionResult]::new('flows', 'flows', [CompletionResultType]::ParameterValue, 'Flows of the PCE or of a recorded answer, chosen by the keys of a rule''s `match`')
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Who talks most: talkers, destinations, pairs, ports, processes or labels, on one screen')
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Audit events of the PCE or of a recorded answer, newest first')
            [CompletionResult]::new('vens', 'vens', [CompletionResultType]::ParameterValue, 'VENs of the PCE or of a recorded answer, by name')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'The PCE''s own health: clusters and their nodes')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'Look at the rules of the config')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Unit tests of rules: records at given times, and what must come of them')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Backtest the rules: what would have fired, how often somebody would have been told, which thresholds fit')
            [CompletionResult]::new('channel', 'channel', [CompletionResultType]::ParameterValue, 'Look at the channels of the config and try them')
            [CompletionResult]::new('outbox', 'outbox', [CompletionResultType]::ParameterValue, 'Messages that wait for delivery or were given up')
            [CompletionResult]::new('silence', 'silence', [CompletionResultType]::ParameterValue, 'Have alerts told to nobody for a while')
            [CompletionResult]::new('state', 'state', [CompletionResultType]::ParameterValue, 'What is remembered between runs')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print shell completions')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all pages into a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;check' {
            [CompletionResult]::new('--rule', '--rule', [CompletionResultType]::ParameterName, 'Judge only the rules whose name matches (* ? [..] {a,b})')
            [CompletionResult]::new('--flows', '--flows', [CompletionResultType]::ParameterName, 'Read flows from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Read events from a recorded answer: the same forms')
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Read health from a recorded answer: the same forms')
            [CompletionResult]::new('--vens', '--vens', [CompletionResultType]::ParameterName, 'Read VENs, and the workloads they manage, from a recorded answer: the same forms')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Read what the PCE says of its traffic database from a recorded answer: the same forms')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339) in everything the run decides')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Keep the raw answers of the PCE in this folder, compressed')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'What makes the exit code differ from 0')
            [CompletionResult]::new('--lock-wait', '--lock-wait', [CompletionResultType]::ParameterName, 'How long to wait for another run to end, for example 2m')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Write no state and send nothing; show what would be sent')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Let UNKNOWN outrank WARNING in the verdict')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;demo' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;flows' {
            [CompletionResult]::new('--flows', '--flows', [CompletionResultType]::ParameterName, 'Read flows from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Order, the largest or latest first; without it flows come as the PCE sends them')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Rows shown; 0 shows all [default: 50 in a table or a sorted list, all else]')
            [CompletionResult]::new('--columns', '--columns', [CompletionResultType]::ParameterName, 'Columns, in this order; `--columns help` lists them [default: a few in a table, all else]')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'From this instant (RFC 3339), or from so long ago (2h)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Up to this instant (RFC 3339), or up to so long ago [default: now]')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Keep the raw answers of the PCE in this folder, compressed')
            [CompletionResult]::new('--decision', '--decision', [CompletionResultType]::ParameterName, 'Policy decision: allowed, potentially_blocked, blocked, unknown')
            [CompletionResult]::new('--not-decision', '--not-decision', [CompletionResultType]::ParameterName, 'Policy decision: allowed, potentially_blocked, blocked, unknown')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Destination port: 3306, 443/tcp, 27017-27019')
            [CompletionResult]::new('--not-port', '--not-port', [CompletionResultType]::ParameterName, 'Destination port: 3306, 443/tcp, 27017-27019')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Protocol, by name or number')
            [CompletionResult]::new('--not-proto', '--not-proto', [CompletionResultType]::ParameterName, 'Protocol, by name or number')
            [CompletionResult]::new('--process', '--process', [CompletionResultType]::ParameterName, 'Process on the reporting side')
            [CompletionResult]::new('--not-process', '--not-process', [CompletionResultType]::ParameterName, 'Process on the reporting side')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Windows service on the reporting side')
            [CompletionResult]::new('--not-service', '--not-service', [CompletionResultType]::ParameterName, 'Windows service on the reporting side')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User on the reporting side')
            [CompletionResult]::new('--not-user', '--not-user', [CompletionResultType]::ParameterName, 'User on the reporting side')
            [CompletionResult]::new('--fqdn', '--fqdn', [CompletionResultType]::ParameterName, 'Domain name of either end')
            [CompletionResult]::new('--not-fqdn', '--not-fqdn', [CompletionResultType]::ParameterName, 'Domain name of either end')
            [CompletionResult]::new('--direction', '--direction', [CompletionResultType]::ParameterName, 'Which end reported: inbound (the destination), outbound (the source)')
            [CompletionResult]::new('--not-direction', '--not-direction', [CompletionResultType]::ParameterName, 'Which end reported: inbound (the destination), outbound (the source)')
            [CompletionResult]::new('--connection-state', '--connection-state', [CompletionResultType]::ParameterName, 'State of the connection: active, closed, ''timed out'', snapshot')
            [CompletionResult]::new('--not-connection-state', '--not-connection-state', [CompletionResultType]::ParameterName, 'State of the connection: active, closed, ''timed out'', snapshot')
            [CompletionResult]::new('--transmission', '--transmission', [CompletionResultType]::ParameterName, 'unicast, broadcast, multicast')
            [CompletionResult]::new('--not-transmission', '--not-transmission', [CompletionResultType]::ParameterName, 'unicast, broadcast, multicast')
            [CompletionResult]::new('--network', '--network', [CompletionResultType]::ParameterName, 'Network, by name')
            [CompletionResult]::new('--not-network', '--not-network', [CompletionResultType]::ParameterName, 'Network, by name')
            [CompletionResult]::new('--client-type', '--client-type', [CompletionResultType]::ParameterName, 'Kind of reporter: server, endpoint, flowlink, scanner')
            [CompletionResult]::new('--not-client-type', '--not-client-type', [CompletionResultType]::ParameterName, 'Kind of reporter: server, endpoint, flowlink, scanner')
            [CompletionResult]::new('--src-label', '--src-label', [CompletionResultType]::ParameterName, 'Label (source)')
            [CompletionResult]::new('--not-src-label', '--not-src-label', [CompletionResultType]::ParameterName, 'Label (source)')
            [CompletionResult]::new('--dst-label', '--dst-label', [CompletionResultType]::ParameterName, 'Label (destination)')
            [CompletionResult]::new('--not-dst-label', '--not-dst-label', [CompletionResultType]::ParameterName, 'Label (destination)')
            [CompletionResult]::new('--any-label', '--any-label', [CompletionResultType]::ParameterName, 'Label (either end)')
            [CompletionResult]::new('--not-any-label', '--not-any-label', [CompletionResultType]::ParameterName, 'Label (either end)')
            [CompletionResult]::new('--src-ip', '--src-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (source)')
            [CompletionResult]::new('--not-src-ip', '--not-src-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (source)')
            [CompletionResult]::new('--dst-ip', '--dst-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (destination)')
            [CompletionResult]::new('--not-dst-ip', '--not-dst-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (destination)')
            [CompletionResult]::new('--any-ip', '--any-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (either end)')
            [CompletionResult]::new('--not-any-ip', '--not-any-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (either end)')
            [CompletionResult]::new('--src-ip-list', '--src-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (source)')
            [CompletionResult]::new('--not-src-ip-list', '--not-src-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (source)')
            [CompletionResult]::new('--dst-ip-list', '--dst-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (destination)')
            [CompletionResult]::new('--not-dst-ip-list', '--not-dst-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (destination)')
            [CompletionResult]::new('--any-ip-list', '--any-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (either end)')
            [CompletionResult]::new('--not-any-ip-list', '--not-any-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (either end)')
            [CompletionResult]::new('--src-workload', '--src-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (source)')
            [CompletionResult]::new('--not-src-workload', '--not-src-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (source)')
            [CompletionResult]::new('--dst-workload', '--dst-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (destination)')
            [CompletionResult]::new('--not-dst-workload', '--not-dst-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (destination)')
            [CompletionResult]::new('--any-workload', '--any-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (either end)')
            [CompletionResult]::new('--not-any-workload', '--not-any-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (either end)')
            [CompletionResult]::new('--src-managed', '--src-managed', [CompletionResultType]::ParameterName, 'Managed by a VEN (source)')
            [CompletionResult]::new('--not-src-managed', '--not-src-managed', [CompletionResultType]::ParameterName, 'Managed by a VEN (source)')
            [CompletionResult]::new('--dst-managed', '--dst-managed', [CompletionResultType]::ParameterName, 'Managed by a VEN (destination)')
            [CompletionResult]::new('--not-dst-managed', '--not-dst-managed', [CompletionResultType]::ParameterName, 'Managed by a VEN (destination)')
            [CompletionResult]::new('--src-enforcement', '--src-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full (source)')
            [CompletionResult]::new('--not-src-enforcement', '--not-src-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full (source)')
            [CompletionResult]::new('--dst-enforcement', '--dst-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full (destination)')
            [CompletionResult]::new('--not-dst-enforcement', '--not-dst-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full (destination)')
            [CompletionResult]::new('--src-os', '--src-os', [CompletionResultType]::ParameterName, 'Operating system: linux, windows, unknown (source)')
            [CompletionResult]::new('--not-src-os', '--not-src-os', [CompletionResultType]::ParameterName, 'Operating system: linux, windows, unknown (source)')
            [CompletionResult]::new('--dst-os', '--dst-os', [CompletionResultType]::ParameterName, 'Operating system: linux, windows, unknown (destination)')
            [CompletionResult]::new('--not-dst-os', '--not-dst-os', [CompletionResultType]::ParameterName, 'Operating system: linux, windows, unknown (destination)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Conditions written as in the config: ''decision = ["blocked"], port = [3306]''')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Conditions that leave out, written as in the config')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--reverse', '--reverse', [CompletionResultType]::ParameterName, 'Turn the order round')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;top' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'What to rank by')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Label key for `top labels`, for example app, role, env or loc')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Rows shown; 0 shows all')
            [CompletionResult]::new('--flows', '--flows', [CompletionResultType]::ParameterName, 'Read flows from a recorded answer: the same forms as for `pcemon flows`')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'From this instant (RFC 3339), or from so long ago (2h)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Up to this instant (RFC 3339), or up to so long ago [default: now]')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Keep the raw answers of the PCE in this folder, compressed')
            [CompletionResult]::new('--decision', '--decision', [CompletionResultType]::ParameterName, 'Policy decision: allowed, potentially_blocked, blocked, unknown')
            [CompletionResult]::new('--not-decision', '--not-decision', [CompletionResultType]::ParameterName, 'Policy decision: allowed, potentially_blocked, blocked, unknown')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Destination port: 3306, 443/tcp, 27017-27019')
            [CompletionResult]::new('--not-port', '--not-port', [CompletionResultType]::ParameterName, 'Destination port: 3306, 443/tcp, 27017-27019')
            [CompletionResult]::new('--proto', '--proto', [CompletionResultType]::ParameterName, 'Protocol, by name or number')
            [CompletionResult]::new('--not-proto', '--not-proto', [CompletionResultType]::ParameterName, 'Protocol, by name or number')
            [CompletionResult]::new('--process', '--process', [CompletionResultType]::ParameterName, 'Process on the reporting side')
            [CompletionResult]::new('--not-process', '--not-process', [CompletionResultType]::ParameterName, 'Process on the reporting side')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Windows service on the reporting side')
            [CompletionResult]::new('--not-service', '--not-service', [CompletionResultType]::ParameterName, 'Windows service on the reporting side')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'User on the reporting side')
            [CompletionResult]::new('--not-user', '--not-user', [CompletionResultType]::ParameterName, 'User on the reporting side')
            [CompletionResult]::new('--fqdn', '--fqdn', [CompletionResultType]::ParameterName, 'Domain name of either end')
            [CompletionResult]::new('--not-fqdn', '--not-fqdn', [CompletionResultType]::ParameterName, 'Domain name of either end')
            [CompletionResult]::new('--direction', '--direction', [CompletionResultType]::ParameterName, 'Which end reported: inbound (the destination), outbound (the source)')
            [CompletionResult]::new('--not-direction', '--not-direction', [CompletionResultType]::ParameterName, 'Which end reported: inbound (the destination), outbound (the source)')
            [CompletionResult]::new('--connection-state', '--connection-state', [CompletionResultType]::ParameterName, 'State of the connection: active, closed, ''timed out'', snapshot')
            [CompletionResult]::new('--not-connection-state', '--not-connection-state', [CompletionResultType]::ParameterName, 'State of the connection: active, closed, ''timed out'', snapshot')
            [CompletionResult]::new('--transmission', '--transmission', [CompletionResultType]::ParameterName, 'unicast, broadcast, multicast')
            [CompletionResult]::new('--not-transmission', '--not-transmission', [CompletionResultType]::ParameterName, 'unicast, broadcast, multicast')
            [CompletionResult]::new('--network', '--network', [CompletionResultType]::ParameterName, 'Network, by name')
            [CompletionResult]::new('--not-network', '--not-network', [CompletionResultType]::ParameterName, 'Network, by name')
            [CompletionResult]::new('--client-type', '--client-type', [CompletionResultType]::ParameterName, 'Kind of reporter: server, endpoint, flowlink, scanner')
            [CompletionResult]::new('--not-client-type', '--not-client-type', [CompletionResultType]::ParameterName, 'Kind of reporter: server, endpoint, flowlink, scanner')
            [CompletionResult]::new('--src-label', '--src-label', [CompletionResultType]::ParameterName, 'Label (source)')
            [CompletionResult]::new('--not-src-label', '--not-src-label', [CompletionResultType]::ParameterName, 'Label (source)')
            [CompletionResult]::new('--dst-label', '--dst-label', [CompletionResultType]::ParameterName, 'Label (destination)')
            [CompletionResult]::new('--not-dst-label', '--not-dst-label', [CompletionResultType]::ParameterName, 'Label (destination)')
            [CompletionResult]::new('--any-label', '--any-label', [CompletionResultType]::ParameterName, 'Label (either end)')
            [CompletionResult]::new('--not-any-label', '--not-any-label', [CompletionResultType]::ParameterName, 'Label (either end)')
            [CompletionResult]::new('--src-ip', '--src-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (source)')
            [CompletionResult]::new('--not-src-ip', '--not-src-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (source)')
            [CompletionResult]::new('--dst-ip', '--dst-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (destination)')
            [CompletionResult]::new('--not-dst-ip', '--not-dst-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (destination)')
            [CompletionResult]::new('--any-ip', '--any-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (either end)')
            [CompletionResult]::new('--not-any-ip', '--not-any-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range (either end)')
            [CompletionResult]::new('--src-ip-list', '--src-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (source)')
            [CompletionResult]::new('--not-src-ip-list', '--not-src-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (source)')
            [CompletionResult]::new('--dst-ip-list', '--dst-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (destination)')
            [CompletionResult]::new('--not-dst-ip-list', '--not-dst-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (destination)')
            [CompletionResult]::new('--any-ip-list', '--any-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (either end)')
            [CompletionResult]::new('--not-any-ip-list', '--not-any-ip-list', [CompletionResultType]::ParameterName, 'IP list, by name (either end)')
            [CompletionResult]::new('--src-workload', '--src-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (source)')
            [CompletionResult]::new('--not-src-workload', '--not-src-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (source)')
            [CompletionResult]::new('--dst-workload', '--dst-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (destination)')
            [CompletionResult]::new('--not-dst-workload', '--not-dst-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (destination)')
            [CompletionResult]::new('--any-workload', '--any-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (either end)')
            [CompletionResult]::new('--not-any-workload', '--not-any-workload', [CompletionResultType]::ParameterName, 'Workload, by name or host name (either end)')
            [CompletionResult]::new('--src-managed', '--src-managed', [CompletionResultType]::ParameterName, 'Managed by a VEN (source)')
            [CompletionResult]::new('--not-src-managed', '--not-src-managed', [CompletionResultType]::ParameterName, 'Managed by a VEN (source)')
            [CompletionResult]::new('--dst-managed', '--dst-managed', [CompletionResultType]::ParameterName, 'Managed by a VEN (destination)')
            [CompletionResult]::new('--not-dst-managed', '--not-dst-managed', [CompletionResultType]::ParameterName, 'Managed by a VEN (destination)')
            [CompletionResult]::new('--src-enforcement', '--src-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full (source)')
            [CompletionResult]::new('--not-src-enforcement', '--not-src-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full (source)')
            [CompletionResult]::new('--dst-enforcement', '--dst-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full (destination)')
            [CompletionResult]::new('--not-dst-enforcement', '--not-dst-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full (destination)')
            [CompletionResult]::new('--src-os', '--src-os', [CompletionResultType]::ParameterName, 'Operating system: linux, windows, unknown (source)')
            [CompletionResult]::new('--not-src-os', '--not-src-os', [CompletionResultType]::ParameterName, 'Operating system: linux, windows, unknown (source)')
            [CompletionResult]::new('--dst-os', '--dst-os', [CompletionResultType]::ParameterName, 'Operating system: linux, windows, unknown (destination)')
            [CompletionResult]::new('--not-dst-os', '--not-dst-os', [CompletionResultType]::ParameterName, 'Operating system: linux, windows, unknown (destination)')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Conditions written as in the config: ''decision = ["blocked"], port = [3306]''')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Conditions that leave out, written as in the config')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;events' {
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Read events from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Rows shown; 0 shows all [default: 50 in a table or a sorted list, all else]')
            [CompletionResult]::new('--columns', '--columns', [CompletionResultType]::ParameterName, 'Columns, in this order; `--columns help` lists them [default: a few in a table, all else]')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'From this instant (RFC 3339), or from so long ago (2h)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Up to this instant (RFC 3339), or up to so long ago [default: now]')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'So long before the end [default: 1h for traffic, 24h for events; with a recorded answer everything in it]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Keep the raw answers of the PCE in this folder, compressed')
            [CompletionResult]::new('--type', '--type', [CompletionResultType]::ParameterName, 'Event type, for example user.sign_in or sec_policy.*')
            [CompletionResult]::new('--not-type', '--not-type', [CompletionResultType]::ParameterName, 'Event type, for example user.sign_in or sec_policy.*')
            [CompletionResult]::new('--severity', '--severity', [CompletionResultType]::ParameterName, 'Severity as the PCE writes it: err, warning, info')
            [CompletionResult]::new('--not-severity', '--not-severity', [CompletionResultType]::ParameterName, 'Severity as the PCE writes it: err, warning, info')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'success or failure')
            [CompletionResult]::new('--not-status', '--not-status', [CompletionResultType]::ParameterName, 'success or failure')
            [CompletionResult]::new('--notification', '--notification', [CompletionResultType]::ParameterName, 'Notification inside the event, for example user.login_failed')
            [CompletionResult]::new('--not-notification', '--not-notification', [CompletionResultType]::ParameterName, 'Notification inside the event, for example user.login_failed')
            [CompletionResult]::new('--actor', '--actor', [CompletionResultType]::ParameterName, 'Who did it: user name, host name or href')
            [CompletionResult]::new('--not-actor', '--not-actor', [CompletionResultType]::ParameterName, 'Who did it: user name, host name or href')
            [CompletionResult]::new('--src-ip', '--src-ip', [CompletionResultType]::ParameterName, 'Where the call came from: address, CIDR block or range')
            [CompletionResult]::new('--not-src-ip', '--not-src-ip', [CompletionResultType]::ParameterName, 'Where the call came from: address, CIDR block or range')
            [CompletionResult]::new('--pce-fqdn', '--pce-fqdn', [CompletionResultType]::ParameterName, 'Which PCE recorded it')
            [CompletionResult]::new('--not-pce-fqdn', '--not-pce-fqdn', [CompletionResultType]::ParameterName, 'Which PCE recorded it')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'Name or href of what was changed')
            [CompletionResult]::new('--not-resource', '--not-resource', [CompletionResultType]::ParameterName, 'Name or href of what was changed')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Conditions written as in the config: ''decision = ["blocked"], port = [3306]''')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Conditions that leave out, written as in the config')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--reverse', '--reverse', [CompletionResultType]::ParameterName, 'Turn the order round')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;vens' {
            [CompletionResult]::new('--vens', '--vens', [CompletionResultType]::ParameterName, 'Read VENs, and the workloads they manage, from a recorded answer: a file (JSON array or one object per line, plain or gzip), a folder of --record, or - for standard input')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Rows shown; 0 shows all [default: 50 in a table or a sorted list, all else]')
            [CompletionResult]::new('--columns', '--columns', [CompletionResultType]::ParameterName, 'Columns, in this order; `--columns help` lists them [default: a few in a table, all else]')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Keep the raw answers of the PCE in this folder, compressed')
            [CompletionResult]::new('--ven', '--ven', [CompletionResultType]::ParameterName, 'VEN, by name or host name')
            [CompletionResult]::new('--not-ven', '--not-ven', [CompletionResultType]::ParameterName, 'VEN, by name or host name')
            [CompletionResult]::new('--label', '--label', [CompletionResultType]::ParameterName, 'Label')
            [CompletionResult]::new('--not-label', '--not-label', [CompletionResultType]::ParameterName, 'Label')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'active, suspended or uninstalled')
            [CompletionResult]::new('--not-status', '--not-status', [CompletionResultType]::ParameterName, 'active, suspended or uninstalled')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Version of the VEN')
            [CompletionResult]::new('--not-version', '--not-version', [CompletionResultType]::ParameterName, 'Version of the VEN')
            [CompletionResult]::new('--os', '--os', [CompletionResultType]::ParameterName, 'Operating system')
            [CompletionResult]::new('--not-os', '--not-os', [CompletionResultType]::ParameterName, 'Operating system')
            [CompletionResult]::new('--enforcement', '--enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full')
            [CompletionResult]::new('--not-enforcement', '--not-enforcement', [CompletionResultType]::ParameterName, 'Enforcement: idle, visibility_only, selective, full')
            [CompletionResult]::new('--sync-state', '--sync-state', [CompletionResultType]::ParameterName, 'Policy sync state: applied, synced, syncing, staged')
            [CompletionResult]::new('--not-sync-state', '--not-sync-state', [CompletionResultType]::ParameterName, 'Policy sync state: applied, synced, syncing, staged')
            [CompletionResult]::new('--condition', '--condition', [CompletionResultType]::ParameterName, 'Health condition, for example agent.missed_heartbeats')
            [CompletionResult]::new('--not-condition', '--not-condition', [CompletionResultType]::ParameterName, 'Health condition, for example agent.missed_heartbeats')
            [CompletionResult]::new('--online', '--online', [CompletionResultType]::ParameterName, 'Online')
            [CompletionResult]::new('--not-online', '--not-online', [CompletionResultType]::ParameterName, 'Online')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Offline')
            [CompletionResult]::new('--not-offline', '--not-offline', [CompletionResultType]::ParameterName, 'Offline')
            [CompletionResult]::new('--ven-type', '--ven-type', [CompletionResultType]::ParameterName, 'server, endpoint or containerized-ven')
            [CompletionResult]::new('--not-ven-type', '--not-ven-type', [CompletionResultType]::ParameterName, 'server, endpoint or containerized-ven')
            [CompletionResult]::new('--active-pce', '--active-pce', [CompletionResultType]::ParameterName, 'PCE it reports to')
            [CompletionResult]::new('--not-active-pce', '--not-active-pce', [CompletionResultType]::ParameterName, 'PCE it reports to')
            [CompletionResult]::new('--ip', '--ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range')
            [CompletionResult]::new('--not-ip', '--not-ip', [CompletionResultType]::ParameterName, 'Address, CIDR block or a-b range')
            [CompletionResult]::new('--heartbeat-older', '--heartbeat-older', [CompletionResultType]::ParameterName, 'Last heartbeat older than this')
            [CompletionResult]::new('--not-heartbeat-older', '--not-heartbeat-older', [CompletionResultType]::ParameterName, 'Last heartbeat older than this')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Conditions written as in the config: ''decision = ["blocked"], port = [3306]''')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Conditions that leave out, written as in the config')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--reverse', '--reverse', [CompletionResultType]::ParameterName, 'Turn the order round')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;health' {
            [CompletionResult]::new('--health', '--health', [CompletionResultType]::ParameterName, 'Read health from a recorded answer: a file, a folder of --record, or - for standard input')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Keep the raw answers of the PCE in this folder, compressed')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;rules' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each rule')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Prove the config without contacting anything; all mistakes in one go')
            [CompletionResult]::new('example', 'example', [CompletionResultType]::ParameterValue, 'Print a documented example config')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;rules;list' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;rules;validate' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;rules;example' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;rules;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each rule')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Prove the config without contacting anything; all mistakes in one go')
            [CompletionResult]::new('example', 'example', [CompletionResultType]::ParameterValue, 'Print a documented example config')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;rules;help;list' {
            break
        }
        'pcemon;rules;help;validate' {
            break
        }
        'pcemon;rules;help;example' {
            break
        }
        'pcemon;rules;help;help' {
            break
        }
        'pcemon;test' {
            [CompletionResult]::new('--test', '--test', [CompletionResultType]::ParameterName, 'Run only the tests whose name matches (* ? [..] {a,b})')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;replay' {
            [CompletionResult]::new('--flows', '--flows', [CompletionResultType]::ParameterName, 'One export of flows instead (JSON array or one object per line, plain or gzip)')
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'One export of events instead')
            [CompletionResult]::new('--step', '--step', [CompletionResultType]::ParameterName, 'With an export: how far apart the runs are')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'With an export: the first run (RFC 3339) [default: the first record]')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'With an export: the last run [default: after the last record]')
            [CompletionResult]::new('--rule', '--rule', [CompletionResultType]::ParameterName, 'Replay only the rules whose name matches (* ? [..] {a,b}), also disabled ones')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;channel' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each channel')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a test message to one channel')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;channel;list' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;channel;test' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--no-send', '--no-send', [CompletionResultType]::ParameterName, 'Only show what would be sent')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;channel;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each channel')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a test message to one channel')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;channel;help;list' {
            break
        }
        'pcemon;channel;help;test' {
            break
        }
        'pcemon;channel;help;help' {
            break
        }
        'pcemon;outbox' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each message that waits or was given up')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Have the next run try messages without waiting longer, also those that were given up')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Throw messages away; their alerts are told again while they fire')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;outbox;list' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;outbox;retry' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All of them')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;outbox;drop' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All of them')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;outbox;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each message that waits or was given up')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Have the next run try messages without waiting longer, also those that were given up')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Throw messages away; their alerts are told again while they fire')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;outbox;help;list' {
            break
        }
        'pcemon;outbox;help;retry' {
            break
        }
        'pcemon;outbox;help;drop' {
            break
        }
        'pcemon;outbox;help;help' {
            break
        }
        'pcemon;silence' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Silence alerts: they are followed as always, told to nobody, and do not count for the exit code')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each silence in force')
            [CompletionResult]::new('expire', 'expire', [CompletionResultType]::ParameterValue, 'End silences now')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;silence;add' {
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Which alerts, for example rule=''Blocked*'' or severity!=critical; may be repeated, all must fit')
            [CompletionResult]::new('--fingerprint', '--fingerprint', [CompletionResultType]::ParameterName, 'One alert that fires, by its fingerprint or the beginning of it (see `pcemon state show`), until it is over')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'How long, for example 2h')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Until when (RFC 3339)')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, for those who wonder')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Who wants it')
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;silence;list' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also those that ended within the last 7 days')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;silence;expire' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All of them')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;silence;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Silence alerts: they are followed as always, told to nobody, and do not count for the exit code')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each silence in force')
            [CompletionResult]::new('expire', 'expire', [CompletionResultType]::ParameterValue, 'End silences now')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;silence;help;add' {
            break
        }
        'pcemon;silence;help;list' {
            break
        }
        'pcemon;silence;help;expire' {
            break
        }
        'pcemon;silence;help;help' {
            break
        }
        'pcemon;state' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'What is remembered, and every alert with its fingerprint, for people or as JSON (-o json)')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Forget everything but silences: firing alerts are told again, traffic numbers learn anew')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;state;show' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Take this as the present instant (RFC 3339)')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;state;reset' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do it without asking')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;state;help' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'What is remembered, and every alert with its fingerprint, for people or as JSON (-o json)')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Forget everything but silences: firing alerts are told again, traffic numbers learn anew')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;state;help;show' {
            break
        }
        'pcemon;state;help;reset' {
            break
        }
        'pcemon;state;help;help' {
            break
        }
        'pcemon;completions' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;man' {
            [CompletionResult]::new('--out-dir', '--out-dir', [CompletionResultType]::ParameterName, 'Write one page for each command into this folder')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file [default: $PCEMON_CONFIG, ./rules.toml, $XDG_CONFIG_HOME/pcemon/rules.toml, /etc/pcemon/rules.toml]')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'State file: what is remembered between runs [default: `[run] state`, $STATE_DIRECTORY/state.json, $XDG_STATE_HOME/pcemon/state.json]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output [default: table]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the result also to a file, as FORMAT=PATH; may be repeated')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colours in the table')
            [CompletionResult]::new('--lang', '--lang', [CompletionResultType]::ParameterName, 'Language of what people read [default: `[run] language`, else LC_ALL, LC_MESSAGES, LANG, else en]')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the messages on standard error')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing when all is well')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on standard error (-vv for everything), and show disabled rules in the table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'pcemon;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'One monitoring cycle: ask the PCE, judge the rules, remember, alert, print, exit')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Two cycles against a simulated PCE inside this program; needs nothing, leaves nothing behind')
            [CompletionResult]::new('flows', 'flows', [CompletionResultType]::ParameterValue, 'Flows of the PCE or of a recorded answer, chosen by the keys of a rule''s `match`')
            [CompletionResult]::new('top', 'top', [CompletionResultType]::ParameterValue, 'Who talks most: talkers, destinations, pairs, ports, processes or labels, on one screen')
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Audit events of the PCE or of a recorded answer, newest first')
            [CompletionResult]::new('vens', 'vens', [CompletionResultType]::ParameterValue, 'VENs of the PCE or of a recorded answer, by name')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'The PCE''s own health: clusters and their nodes')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'Look at the rules of the config')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Unit tests of rules: records at given times, and what must come of them')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Backtest the rules: what would have fired, how often somebody would have been told, which thresholds fit')
            [CompletionResult]::new('channel', 'channel', [CompletionResultType]::ParameterValue, 'Look at the channels of the config and try them')
            [CompletionResult]::new('outbox', 'outbox', [CompletionResultType]::ParameterValue, 'Messages that wait for delivery or were given up')
            [CompletionResult]::new('silence', 'silence', [CompletionResultType]::ParameterValue, 'Have alerts told to nobody for a while')
            [CompletionResult]::new('state', 'state', [CompletionResultType]::ParameterValue, 'What is remembered between runs')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print shell completions')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all pages into a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;help;check' {
            break
        }
        'pcemon;help;demo' {
            break
        }
        'pcemon;help;flows' {
            break
        }
        'pcemon;help;top' {
            break
        }
        'pcemon;help;events' {
            break
        }
        'pcemon;help;vens' {
            break
        }
        'pcemon;help;health' {
            break
        }
        'pcemon;help;rules' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each rule')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Prove the config without contacting anything; all mistakes in one go')
            [CompletionResult]::new('example', 'example', [CompletionResultType]::ParameterValue, 'Print a documented example config')
            break
        }
        'pcemon;help;rules;list' {
            break
        }
        'pcemon;help;rules;validate' {
            break
        }
        'pcemon;help;rules;example' {
            break
        }
        'pcemon;help;test' {
            break
        }
        'pcemon;help;replay' {
            break
        }
        'pcemon;help;channel' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each channel')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a test message to one channel')
            break
        }
        'pcemon;help;channel;list' {
            break
        }
        'pcemon;help;channel;test' {
            break
        }
        'pcemon;help;outbox' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each message that waits or was given up')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Have the next run try messages without waiting longer, also those that were given up')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Throw messages away; their alerts are told again while they fire')
            break
        }
        'pcemon;help;outbox;list' {
            break
        }
        'pcemon;help;outbox;retry' {
            break
        }
        'pcemon;help;outbox;drop' {
            break
        }
        'pcemon;help;silence' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Silence alerts: they are followed as always, told to nobody, and do not count for the exit code')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'One line for each silence in force')
            [CompletionResult]::new('expire', 'expire', [CompletionResultType]::ParameterValue, 'End silences now')
            break
        }
        'pcemon;help;silence;add' {
            break
        }
        'pcemon;help;silence;list' {
            break
        }
        'pcemon;help;silence;expire' {
            break
        }
        'pcemon;help;state' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'What is remembered, and every alert with its fingerprint, for people or as JSON (-o json)')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Forget everything but silences: firing alerts are told again, traffic numbers learn anew')
            break
        }
        'pcemon;help;state;show' {
            break
        }
        'pcemon;help;state;reset' {
            break
        }
        'pcemon;help;completions' {
            break
        }
        'pcemon;help;man' {
            break
        }
        'pcemon;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
