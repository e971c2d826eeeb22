//! The binary: parse, run, exit code.

fn main() -> std::process::ExitCode {
    daochain::cli::main()
}
