//! The binary: parse, run, exit code.

/// Gives back what a long list took: this program waits for most of its life.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    daochain::cli::main()
}
