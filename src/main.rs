//! The `pcemon` command: parse, run, return the code; nothing else.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(pcemon::app::run(std::env::args_os()))
}
