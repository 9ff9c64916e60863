//! The ports on AWS keep their promises, judged on an emulator that nobody here wrote, and do what the contracts
//! cannot ask for: answers that get lost, contention, refused credentials.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests end where something is not as it should be"
)]

mod account;
mod commits;
mod evidence;
mod failures;
mod interposer;
mod invocations;
mod logs;
mod messages;
mod secrets;
mod stack;

use account::Account;
use flows::ports::{BlobStore, SecretStore, StateStore, WorkQueue};
use testkit::contract::{Subject, blobs, queue, secrets as promised_secrets, state};

mod state_store {
    use super::*;
    async fn fresh() -> state::StateSubject {
        let account = Account::new();
        account.create_table().await;
        Subject::<dyn StateStore>::reopening(account.clock(), (), move || account.aws().state)
    }
    testkit::state_contract!(fresh);
}

mod work_queue {
    use super::*;
    async fn fresh() -> queue::QueueSubject {
        let account = Account::new();
        account.create_queues(&queue::queues()).await;
        Subject::<dyn WorkQueue>::reopening(account.clock(), (), move || account.aws().queue)
    }
    testkit::queue_contract!(fresh);
}

mod blob_store {
    use super::*;
    async fn fresh() -> blobs::BlobSubject {
        let account = Account::new();
        account.create_bucket().await;
        Subject::<dyn BlobStore>::reopening(account.clock(), (), move || account.aws().blobs)
    }
    testkit::blob_contract!(fresh);
}

mod secret_store {
    use super::*;
    async fn fresh() -> promised_secrets::SecretSubject {
        let account = Account::new();
        Subject::<dyn SecretStore>::reopening(account.clock(), (), move || account.aws().secrets)
    }
    testkit::secret_contract!(fresh);
}
