//! Who is trusted at the other end of TLS.

use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::super::setting::SettingError;

/// The roots of trust: those of a file when it is given (PEM, for collectors with a certificate of the house), else
/// those of the system (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured), and only where the system has none, as in
/// slim containers, the ones of Mozilla that are built in.
///
/// # Errors
/// When the file holds no certificate, or one that is none.
pub fn client_config(authorities: Option<&[u8]>) -> Result<Arc<ClientConfig>, SettingError> {
    let roots = match authorities {
        Some(pem) => from_file(pem)?,
        None => from_system(),
    };
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingError::new("tls", &error.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn from_file(pem: &[u8]) -> Result<RootCertStore, SettingError> {
    let wrong = |reason: &str| SettingError::new("authorities", reason);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(&format!("no PEM: {error}")))?;
        roots.add(certificate).map_err(|error| wrong(&format!("a certificate cannot be used: {error}")))?;
    }
    if roots.is_empty() { Err(wrong("it holds no certificate in PEM form")) } else { Ok(roots) }
}

fn from_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // One that cannot be read makes no other one less trusted.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::client_config;

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        for pem in [&b""[..], b"nothing", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(client_config(Some(pem)).unwrap_err().setting, "authorities");
        }
        assert!(client_config(None).is_ok());
    }
}
