//! Names of stacks and of what every stack has.

pub use flows::stack::StackNames as Names;

/// The index of the state table.
pub const INDEX_NAME: &str = "by-index";
/// The queue that every stack has, as callers of the port say it.
pub(crate) const WINDOWS_QUEUE: &str = "sige-windows.fifo";
/// The longest name of a stack. A bucket's has 63 bytes, of which `-evidence-`, the account and the longest region
/// (`ap-southeast-1`) take 37.
const STACK_BYTES_MAX: usize = 26;

/// Lowercase letters, digits and hyphens, beginning with a letter as CloudFormation asks.
pub(crate) fn is_stack_name(name: &str) -> bool {
    name.len() <= STACK_BYTES_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The account in the address of a queue: `https://sqs.sa-east-1.amazonaws.com/123456789012/erp-sige-windows.fifo`.
pub(crate) fn account_of_queue(url: &str) -> Option<&str> {
    let mut parts = url.rsplit('/');
    let account = parts.nth(1)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_name_is_short_and_plain() {
        let long = "x".repeat(27);
        assert!(is_stack_name("erp-sync-2") && is_stack_name("x"));
        assert!(
            ["", "2erp", "-erp", "Erp", "erp_sync", "erp/sync", &long]
                .iter()
                .all(|name| !is_stack_name(name))
        );
    }

    #[test]
    fn the_longest_name_of_a_stack_leaves_room_for_its_bucket_in_every_region() {
        let longest = "x".repeat(STACK_BYTES_MAX);
        assert!(is_stack_name(&longest));
        assert_eq!(Names::of_stack(&longest, "123456789012", "ap-southeast-1").bucket.len(), 63);
    }

    #[test]
    fn the_account_is_read_from_the_address_of_a_queue() {
        assert_eq!(account_of_queue("https://sqs.x.amazonaws.com/123456789012/a.fifo"), Some("123456789012"));
        assert_eq!(account_of_queue("http://127.0.0.1:4566/000000000000/a"), Some("000000000000"));
        assert_eq!(account_of_queue("https://sqs.x.amazonaws.com/a.fifo"), None);
        assert_eq!(account_of_queue(""), None);
    }
}
