//! The figures as a table that can stand in a document, and as JSON.
use crate::measure::Figures;
use serde_json::{Value, json};

/// Megabytes of a million bytes, as limits of uploads are counted.
fn megabytes(bytes: u64) -> String {
    format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000)
}

fn mebibytes(kib: u64) -> String {
    format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
}

/// A table in Markdown.
pub fn text(figures: &[Figures], starts: usize) -> String {
    let head = [
        "function",
        "size",
        "start to first /next",
        "idle RSS",
        "idle PSS",
        "first event",
        "next events",
        "RSS then",
    ];
    let rows = figures.iter().map(|it| {
        [
            it.name.clone(),
            megabytes(it.size_bytes),
            format!("{:.1} ms ({:.1} to {:.1})", it.start_ms, it.start_ms_min, it.start_ms_max),
            mebibytes(it.idle.rss_kib),
            mebibytes(it.idle.pss_kib),
            format!("{:.1} ms", it.first_event_ms),
            format!("{:.2} ms", it.next_event_ms),
            mebibytes(it.worked.rss_kib),
        ]
    });
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut told = line(&head.map(str::to_owned));
    told += &line(&head.map(|_| "---".to_owned()));
    told.extend(rows.map(|cells| line(&cells)));
    told + &format!("\nMedians of {starts} starts.")
}

/// The same for programs.
pub fn json(figures: &[Figures], starts: usize, over: &[String]) -> Value {
    let figures = figures.iter().map(|it| {
        json!({
            "function": it.name,
            "size_bytes": it.size_bytes,
            "start_ms": { "median": it.start_ms, "min": it.start_ms_min, "max": it.start_ms_max },
            "idle": { "rss_kib": it.idle.rss_kib, "pss_kib": it.idle.pss_kib },
            "first_event_ms": it.first_event_ms,
            "next_event_ms": it.next_event_ms,
            "worked": { "rss_kib": it.worked.rss_kib, "pss_kib": it.worked.pss_kib },
        })
    });
    json!({ "starts": starts, "functions": figures.collect::<Vec<_>>(), "over_the_limit": over })
}
