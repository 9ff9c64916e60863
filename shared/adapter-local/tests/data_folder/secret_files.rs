//! Secrets as files that people write too.
use super::Folder;
use flows::ports::{SecretError, SecretStore};
use secrecy::ExposeSecret;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

const NAME: &str = "erp-sync/local/sige/matriz";

fn set_mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn by_hand(folder: &Folder, content: &[u8]) -> std::path::PathBuf {
    let path = folder.file("secrets").join(NAME);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    set_mode(&path, 0o600);
    path
}

#[tokio::test]
async fn a_file_written_by_hand_is_read_with_or_without_its_line_break() {
    let folder = Folder::new();
    let stores = folder.open();
    for content in ["token", "token\n"] {
        by_hand(&folder, content.as_bytes());
        assert_eq!(stores.secrets.get(NAME).await.unwrap().expose_secret(), "token");
    }
    assert_eq!(stores.secrets.list("erp-sync/local/").await.unwrap(), [NAME]);
}

#[tokio::test]
async fn a_loose_file_is_refused_with_its_path_and_the_remedy() {
    let folder = Folder::new();
    let stores = folder.open();
    let path = by_hand(&folder, b"token");
    for loose in [0o644, 0o640, 0o602] {
        set_mode(&path, loose);
        match stores.secrets.get(NAME).await {
            Err(SecretError::Refused { name, reason }) => {
                assert_eq!(name, NAME);
                assert!(reason.ends_with(&format!("chmod 600 {}", path.display())), "{reason}");
                assert!(!reason.contains("token"), "{reason}");
            }
            other => panic!("mode {loose:o}: {other:?}"),
        }
    }
    // Setting it again makes it private.
    stores.secrets.set(NAME, "new".into()).await.unwrap();
    assert_eq!(stores.secrets.get(NAME).await.unwrap().expose_secret(), "new");
}

#[tokio::test]
async fn a_loose_folder_is_refused_at_opening_and_later() {
    let folder = Folder::new();
    let stores = folder.open();
    stores.secrets.set(NAME, "x".into()).await.unwrap();
    set_mode(&folder.file("secrets"), 0o755);
    for refused in [stores.secrets.get(NAME).await.map(|_| ()), stores.secrets.set(NAME, "y".into()).await] {
        let said = refused.unwrap_err().to_string();
        assert!(said.ends_with(&format!("chmod 700 {}", folder.file("secrets").display())), "{said}");
    }
    let refused = folder.refusal().to_string();
    assert!(refused.ends_with(&format!("chmod 700 {}", folder.file("secrets").display())), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_a_secret_is_told_without_showing_it() {
    let folder = Folder::new();
    let stores = folder.open();
    for (content, why) in
        [(&b"\xff\xfesecret"[..], "UTF-8"), (b"", "empty"), (b"\n", "empty"), (&[b'x'; 70_000], "longer")]
    {
        by_hand(&folder, content);
        let said = stores.secrets.get(NAME).await.unwrap_err().to_string();
        assert!(said.contains(NAME) && said.contains(why) && !said.contains("secret\""), "{said}");
        assert!(!said.contains("xxx"));
    }
}

#[tokio::test]
async fn a_folder_of_secrets_is_not_a_secret() {
    let folder = Folder::new();
    let stores = folder.open();
    stores.secrets.set(NAME, "x".into()).await.unwrap();
    for name in ["erp-sync/local/sige", "erp-sync/local/sige/matriz/below"] {
        let refused = stores.secrets.set(name, "y".into()).await;
        assert!(matches!(refused, Err(SecretError::Refused { .. })), "{name}: {refused:?}");
    }
    assert_eq!(stores.secrets.list("").await.unwrap(), [NAME]);
}

#[tokio::test]
async fn nothing_prints_a_value() {
    let folder = Folder::new();
    let stores = folder.open();
    stores.secrets.set(NAME, "hush-hush".into()).await.unwrap();
    let value = stores.secrets.get(NAME).await.unwrap();
    assert!(!format!("{value:?} {:?} {stores:?}", stores.secrets).contains("hush"));
}
