//! What Nx 23.2 and later call a workspace, from which they make the name of its folder below `~/.nx`.

use std::path::Path;

use super::locate::Surroundings;
use super::repository::{Repository, remote};
use super::settings::Settings;

/// The folders below `~/.nx` that belong to this workspace, the one that Nx uses now first. There are more where
/// a workspace was connected to Nx Cloud: what it filled before is in another one.
pub fn folder_names(
    settings: &Settings,
    repository: Option<&Repository>,
    around: &Surroundings<'_>,
) -> Vec<String> {
    let cloud = settings.cloud_id.clone().filter(|id| !id.is_empty());
    let identities = cloud.into_iter().chain(repository_key(repository, around));
    identities.map(|identity| folder_name(&identity)).collect()
}

/// The first 16 digits, because Nx keeps the identity itself, which may be a token, out of paths.
fn folder_name(identity: &str) -> String {
    let mut name = sha256_hex(identity);
    name.truncate(16);
    name
}

fn repository_key(repository: Option<&Repository>, around: &Surroundings<'_>) -> Option<String> {
    let identity = match remote(repository, around) {
        Some(remote) => {
            format!("{}/{}", remote.domain, remote.slug).to_lowercase().trim_end_matches('/').to_owned()
        }
        None => first_commit(around)?,
    };
    let inside = inside(repository, around).unwrap_or_default();
    Some(sha256_hex(&format!("{identity}#{inside}")))
}

/// The path of the workspace in its repository.
fn inside(repository: Option<&Repository>, around: &Surroundings<'_>) -> Option<String> {
    let path = match repository {
        Some(repository) => around.root.strip_prefix(&repository.root).ok()?.to_owned(),
        None => {
            let top = ask(around, &["rev-parse", "--show-toplevel"])?;
            around.root.strip_prefix(Path::new(&top)).ok()?.to_owned()
        }
    };
    path.to_str().map(str::to_owned)
}

/// The first of all commits without parents; a shallow clone has none that counts.
fn first_commit(around: &Surroundings<'_>) -> Option<String> {
    if ask(around, &["rev-parse", "--is-shallow-repository"]).as_deref() == Some("true") {
        return None;
    }
    let roots = ask(around, &["rev-list", "--max-parents=0", "HEAD"])?;
    roots.lines().map(str::trim).filter(|line| !line.is_empty()).min().map(str::to_owned)
}

fn ask(around: &Surroundings<'_>, arguments: &[&str]) -> Option<String> {
    let said = (around.git)(around.root, arguments)?;
    Some(String::from_utf8(said).ok()?.trim().to_owned())
}
/// SHA-256 in hexadecimal, by which Nx names things.
fn sha256_hex(text: &str) -> String {
    hmac_sha256::Hash::hash(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
