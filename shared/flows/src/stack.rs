//! What the things of a deployed stack are called. Everything follows from the stack's name; the one name that must be
//! unique in the world, the bucket's, carries account and region too.

/// The physical names of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackNames {
    /// The part of a secret's name that says whose it is, `erp-sync/<stage>/<scope>/<name>`: the stack's own name.
    pub stage: String,
    /// The state table.
    pub table: String,
    /// The bucket of the evidence.
    pub bucket: String,
    /// What stands before the name of a queue.
    pub queue_prefix: String,
}

impl StackNames {
    /// The names of a deployed stack.
    pub fn of_stack(stack: &str, account: &str, region: &str) -> Self {
        Self {
            stage: stack.to_owned(),
            table: format!("{stack}-state"),
            bucket: format!("{stack}-evidence-{account}-{region}"),
            queue_prefix: format!("{stack}-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_named_after_the_stack() {
        let names = StackNames::of_stack("erp-prod", "123456789012", "sa-east-1");
        assert_eq!(names.table, "erp-prod-state");
        assert_eq!(names.bucket, "erp-prod-evidence-123456789012-sa-east-1");
        assert_eq!(names.queue_prefix, "erp-prod-");
    }
}
