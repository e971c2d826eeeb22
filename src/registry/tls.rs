//! A registry's own certificates: the file that is configured, and the folder that Docker and Podman know.

use std::{fs, io::ErrorKind, path::Path};

use reqwest::{Certificate, ClientBuilder, Identity};

use super::{Host, RegistryError};
use crate::domain::text::clean;

/// Bundles of certificates are a quarter of a megabyte.
const FILE_LIMIT: u64 = 4 << 20;

/// Adds what is configured, and `folder`'s `*.crt` and pairs of `*.cert` and `*.key` (Docker, *Verify repository client with
/// certificates*).
pub(super) fn configure(mut client: ClientBuilder, host: &Host, folder: &Path) -> Result<ClientBuilder, RegistryError> {
    if host.insecure {
        client = client.danger_accept_invalid_certs(true);
    }
    if let Some(path) = &host.ca {
        client = trust(client, path)?;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(client),
        Err(error) => return Err(failed(folder, &error.to_string())),
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => client = trust(client, &path)?,
            Some("cert") => {
                let pair = [read(&path)?, read(&path.with_extension("key"))?].concat();
                let identity =
                    Identity::from_pem(&pair).map_err(|_| failed(&path, "it is no certificate with a key"))?;
                client = client.identity(identity);
            }
            _ => {}
        }
    }
    Ok(client)
}

fn trust(client: ClientBuilder, path: &Path) -> Result<ClientBuilder, RegistryError> {
    let found = Certificate::from_pem_bundle(&read(path)?).ok().filter(|found| !found.is_empty());
    let found = found.ok_or_else(|| failed(path, "it is no certificate (PEM)"))?;
    Ok(found.into_iter().fold(client, ClientBuilder::add_root_certificate))
}

fn read(path: &Path) -> Result<Vec<u8>, RegistryError> {
    let size = fs::metadata(path).map_err(|error| failed(path, &error.to_string()))?;
    if !size.is_file() || size.len() > FILE_LIMIT {
        return Err(failed(path, "it is no file of certificates"));
    }
    fs::read(path).map_err(|error| failed(path, &error.to_string()))
}

fn failed(path: &Path, cause: &str) -> RegistryError {
    RegistryError::Certificate { path: clean(&path.display().to_string()), cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::process::{Command, Stdio};

    use super::*;

    fn configured(host: &Host, folder: &Path) -> Result<(), RegistryError> {
        // As clients are made: a certificate of rustls is none for another library, which may be there as well.
        configure(ClientBuilder::new().use_rustls_tls(), host, folder).map(|client| assert!(client.build().is_ok()))
    }

    #[test]
    fn dockers_folder_of_certificates_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let nobody = Host::default();
        assert!(configured(&nobody, &folder.path().join("absent")).is_ok());
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                "client.key",
                "-out",
                "ca.crt",
                "-subj",
                "/CN=lab",
            ])
            .current_dir(folder.path())
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let path = |name: &str| folder.path().join(name);
        fs::copy(path("ca.crt"), path("client.cert")).unwrap();
        assert!(configured(&nobody, folder.path()).is_ok());
        let with = |name: &str| Host { ca: Some(path(name)), ..Host::default() };
        assert!(configured(&with("ca.crt"), &path("absent")).is_ok());
        for (name, text) in [("bad.crt", "no certificate"), ("alone.cert", "no key beside it")] {
            fs::write(path(name), text).unwrap();
            assert_eq!(configured(&nobody, folder.path()).unwrap_err().code(), "certificate-unusable", "{name}");
            fs::remove_file(path(name)).unwrap();
        }
        assert!(configured(&with("absent.crt"), &path("absent")).is_err());
    }
}
