//! Configuration: file < environment < flags.
use std::path::PathBuf;
/// What flags gave.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--home`
    pub home: Option<PathBuf>,
    /// `--network`
    pub network: Option<String>,
    /// `--rpc`
    pub rpc: Vec<String>,
    /// `--docker-host`
    pub docker_host: Option<String>,
    /// `--archives`
    pub archives: Vec<PathBuf>,
    /// `--password-file`
    pub password_file: Option<PathBuf>,
}
/// The configuration.
#[derive(Debug, Clone)]
pub struct Config {}
