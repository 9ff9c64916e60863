//! Days as the spreadsheets count them, and the civil calendar of the company.
use serde::{Deserialize, Serialize};

/// Whole days since 1899-12-30, the serial number of Sheets and Excel (N5): 2026-03-25 is 46106.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SerialDay(pub i32);
