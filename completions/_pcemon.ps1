
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
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'Look at the rules of the config')
            [CompletionResult]::new('channel', 'channel', [CompletionResultType]::ParameterValue, 'Look at the channels of the config and try them')
            [CompletionResult]::new('outbox', 'outbox', [CompletionResultType]::ParameterValue, 'Messages that wait for delivery or were given up')
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
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'What is remembered, for people or as JSON (-o json)')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Forget everything: firing alerts are told again, traffic numbers learn anew')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'pcemon;state;show' {
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
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'What is remembered, for people or as JSON (-o json)')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Forget everything: firing alerts are told again, traffic numbers learn anew')
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
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'Look at the rules of the config')
            [CompletionResult]::new('channel', 'channel', [CompletionResultType]::ParameterValue, 'Look at the channels of the config and try them')
            [CompletionResult]::new('outbox', 'outbox', [CompletionResultType]::ParameterValue, 'Messages that wait for delivery or were given up')
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
        'pcemon;help;state' {
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'What is remembered, for people or as JSON (-o json)')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Forget everything: firing alerts are told again, traffic numbers learn anew')
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
