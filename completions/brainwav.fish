# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_brainwav_global_optspecs
    string join \n config= workspace= format= json color= q/quiet v/verbose h/help V/version
end

function __fish_brainwav_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_brainwav_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_brainwav_using_subcommand
    set -l cmd (__fish_brainwav_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c brainwav -n "__fish_brainwav_needs_command" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_needs_command" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_needs_command" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_needs_command" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_needs_command" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_needs_command" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_needs_command" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_needs_command" -s V -l version -d 'Print version'
complete -c brainwav -n "__fish_brainwav_needs_command" -f -a "health" -d 'Show the development processes that exceed their limits; --enforce ends them'
complete -c brainwav -n "__fish_brainwav_needs_command" -f -a "reap" -d 'End proven orphans, show zombies, and remove dead sockets'
complete -c brainwav -n "__fish_brainwav_needs_command" -f -a "prune-cache" -d 'Bring caches back under their limit, least recently used entries first'
complete -c brainwav -n "__fish_brainwav_needs_command" -f -a "telemetry" -d 'Keep and deliver events, and make telemetry safe to share'
complete -c brainwav -n "__fish_brainwav_needs_command" -f -a "config" -d 'Show, check or write the configuration'
complete -c brainwav -n "__fish_brainwav_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l top -d 'Also show the N largest development trees' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l rule -d 'Only this rule; may be repeated' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l scope -d 'All processes of the user, or only those in the workspace' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l sample -d 'Measure the CPU of processes that are new for so long' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l output -d 'Write the metrics of --format prometheus to this file, which is replaced as a whole' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l max-memory -d 'Memory of one process (RSS), such as 4GiB' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l max-tree-memory -d 'Memory of a process with all that it started (PSS)' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l max-cpu -d 'CPU in per cent of one core, averaged between two looks' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l cpu-strikes -d 'Looks in a row over --max-cpu that count' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l max-runtime -d 'Time without progress after which a process that should end is hung' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l grace -d 'Time to end after SIGTERM, for all together' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l look-interval -d 'Least time between two looks that are compared' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l max-batch -d 'End nothing if it would be more than so many processes' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l enforce -d 'End what exceeds its limits, and what it started'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -s n -l dry-run -d 'Say what --enforce would do, and do nothing'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l all -d 'List everything that matches a rule, also what is fine'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l all-users -d 'As root: processes of other users too'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l no-batch-limit -d 'End as many as it takes'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l scope -d 'All processes of the user, or only those in the workspace' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l min-age -d 'How old a server or a worker must be to be judged' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l socket-min-age -d 'How old a socket file must be to be judged' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l grace -d 'Time to end after SIGTERM, for all together' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l max-batch -d 'End nothing if it would be more than so many processes' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -s n -l dry-run -d 'Say what would be done, and do nothing'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l all -d 'List every candidate, also those that are in use'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l superseded -d 'End servers too that the same parent has started again since'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l nudge -d 'Tell parents of zombies that a child has ended, and look whether that helped'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l no-batch-limit -d 'End as many as it takes'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l all-users -d 'As root: processes of other users too'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand reap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l store -d 'The same, as an option' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l max-size -d 'Bytes on the disk that the entries of one cache may take, or "none"' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l target -d 'How much of --max-size is left of a cache that was larger' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l max-age -d 'The time without use after which an entry goes, or "none"' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l min-age -d 'What was used within this time is never touched' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l wait -d 'How long to wait until nobody works with a cache for which that is needed' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l list -d 'Show every cache, and change nothing'
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -s n -l dry-run -d 'Say what would go, and change nothing'
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l no-index -d 'Measure everything anew, and remember nothing'
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand prune-cache" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "emit" -d 'Keep an event until every sink has it'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "phase" -d 'Emit the start and the finish of a run, from two processes'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "bridge" -d 'Keep the events of a bus that is there already'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "exec" -d 'Run a command between two events: tool_invoked and tool_result'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "flush" -d 'Deliver what is in the spool'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "status" -d 'Show what is in the spool, and how far each sink is'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "schema" -d 'Print the JSON Schema of an event'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "dashboard" -d 'Print a dashboard for Grafana, or alerts for Prometheus'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and not __fish_seen_subcommand_from emit phase bridge exec flush status schema dashboard redact" -f -a "redact" -d 'Take secrets and personal data out of what comes on stdin'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l event -d 'What happened: run_started, run_finished, plan_created, plan_revised, reroute, tool_invoked or tool_result' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l phase -d 'Which part of the run it belongs to: planning, execution or completion' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l agent-id -d 'Whose it is; of a document or stream: for the events that do not say so' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l correlation-id -d 'What it belongs together with; of a document or stream: for the events that do not say so' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l timestamp -d 'When it happened, such as 2026-01-31T12:00:00Z [default: now]' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l label -d 'A text that it can be found by; can be repeated' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l metric -d 'A number that was measured; can be repeated' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l outcome -d 'What came of it: a number, true, false, or a text; can be repeated' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l json-event -d 'One event as a JSON document; - reads it from stdin' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l topic -d 'Where it goes, one of the topics of telemetry.allowed-topics' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l durability -d 'What it has survived when this succeeds: process or disk' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l stdin -d 'Events from stdin, one JSON document a line'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l no-flush -d 'Do not start to deliver in the background'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -s n -l dry-run -d 'Print the envelopes as they would be kept, and keep nothing'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from emit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -f -a "start" -d 'Emit run_started, and print its correlation id'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from phase" -f -a "finish" -d 'Emit run_finished with the duration'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l queue -d 'Envelopes of a file queue: ~/.cortex/a2a/NAME/queue.jsonl' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l nats -d 'Envelopes of a stream of NATS JetStream: nats://HOST or tls://HOST' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l credentials -d 'Log in with this credentials file, or the seed of a user\'s key; better than a password in the URL, which others see' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l authorities -d 'Trust the certificates in this PEM file instead of those of the system' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l prefix -d 'What the subjects of the bus begin with' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l stream -d 'The stream; without it, the one that holds these subjects' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l consumer -d 'The durable consumer that remembers what was read' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l stdin -d 'Envelopes from stdin, one a line'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l follow -d 'Look for more five times a second, until SIGINT or SIGTERM'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -s n -l dry-run -d 'Print the envelopes as they would be kept, keep nothing, and leave the queue as if it had not been read; not for --nats'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from bridge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l tool -d 'What the tool is called [default: the name of the program]' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l agent-id -d 'Whose the events are' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l correlation-id -d 'What they belong together with [default: a new one]' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l label -d 'A text that they can be found by; can be repeated' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l with-arguments -d 'Tell the program and its arguments too, redacted; a secret without a name or a known shape is not recognised'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l no-flush -d 'Do not start to deliver in the background'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l deadline -d 'How long to try' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l sink -d 'Deliver to these alone; what the others need stays' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l spool -d 'Deliver what waits in this spool instead, which an earlier configuration or another workspace has left, to the sinks of here' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l background -d 'Started by a command that keeps events: away from its terminal, and only if no other waits already'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -s n -l dry-run -d 'Show what waits, and deliver nothing'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from flush" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from status" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from status" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from status" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from status" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l check -d 'Compare with an earlier schema: can its readers read what is written now?' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l register -d 'Register it in the schema registry at this address, unless it is there' -r -f
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l subject -d 'The subject in the registry [default: the topic with -value behind it, where serializers look]' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l headers-file -d 'Headers for the registry, such as Authorization: one a line, in a file that only you can read' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l authorities -d 'Trust these certificates (PEM) instead of those of the system' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l asyncapi -d 'Print an AsyncAPI 3.0 document instead, with the topic and the envelope'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -s n -l dry-run -d 'Only look whether the registry has it, and whether it would be taken'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -l rules -d 'Print alerts, a file of rules for Prometheus'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from dashboard" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l input -d 'What the lines are' -r -f -a "auto\t'Each line is JSON if it looks like it and is it, and text otherwise'
ndjson\t'Each line is a JSON document; one that is none is redacted as a whole'
lines\t'Each line is text'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l mode -d 'What becomes of what must not be seen: mask, remove or pseudonym' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l marker -d 'What stands in its place [default: [brAInwav-REDACTED]]' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l preserve -d 'Leave these alone, with everything in them: names, or paths such as labels.email' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l allow -d 'Let only these pass, after they were looked at; in plain lines nothing has a name, so nothing passes' -r
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l key-file -d 'The file with the key of pseudonyms' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l keep-content -d 'Leave alone what was said: what stands behind names such as prompt, result or email'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l report -d 'Say on stderr what was redacted, by class and never the content'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand telemetry; and __fish_seen_subcommand_from redact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -f -a "show" -d 'Show every setting that holds, and where it comes from'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -f -a "check" -d 'Check the configuration files and the environment, and name everything that is wrong'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and not __fish_seen_subcommand_from show check init" -f -a "init" -d 'Write a commented brainwav.toml, and on request scripts for package.json'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from show" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from show" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from check" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from check" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -l force -d 'Replace a brainwav.toml that is there already'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -l package-json -d 'Also add scripts (process:health) to package.json; nothing else in it changes, and a script of another content stays'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -s n -l dry-run -d 'Say what would be written, and write nothing'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c brainwav -n "__fish_brainwav_using_subcommand completions" -l config -d 'Read this configuration file instead of those of the user and the workspace' -r -F
complete -c brainwav -n "__fish_brainwav_using_subcommand completions" -l workspace -d 'The root of the workspace [default: the nearest folder above with brainwav.toml, nx.json, pnpm-workspace.yaml or .git]' -r -f -a "(__fish_complete_directories)"
complete -c brainwav -n "__fish_brainwav_using_subcommand completions" -l format -d 'What to print on stdout' -r -f -a "human\t'A table for people'
json\t'One JSON document'
prometheus\t'Metrics in the text format of Prometheus; of health alone'"
complete -c brainwav -n "__fish_brainwav_using_subcommand completions" -l color -d 'When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c brainwav -n "__fish_brainwav_using_subcommand completions" -l json -d 'Short for --format json'
complete -c brainwav -n "__fish_brainwav_using_subcommand completions" -s q -l quiet -d 'Print data and errors only'
complete -c brainwav -n "__fish_brainwav_using_subcommand completions" -s v -l verbose -d 'Say more: the evidence for and against each verdict; twice: what is read'
complete -c brainwav -n "__fish_brainwav_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
# brAInwav completions for fish
