//! A company's files and secrets in a directory, with the simulators as another process.
use crate::erp_sync::Place;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// `erp-sync simulate` in a process of its own; ends with the test.
pub struct Simulators {
    child: Child,
    told: Value,
}

impl Simulators {
    pub fn start(place: &Place) -> Self {
        let mut command = place.command();
        command.args(["simulate", "--json", "--quiet", "--orders-per-day", "3", "--erp-rows", "50"]);
        let child = command.stdout(Stdio::piped()).spawn().expect("the simulators start");
        let mut simulators = Self { child, told: Value::Null };
        let mut text = String::new();
        for line in BufReader::new(simulators.child.stdout.take().expect("a pipe")).lines() {
            text.push_str(&line.expect("UTF-8"));
            if let Ok(told) = serde_json::from_str(&text) {
                simulators.told = told;
                return simulators;
            }
        }
        panic!("the simulators ended: {text}");
    }

    pub fn text(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap_or_else(|| panic!("{name} is not text in {}", self.told))
    }

    /// Asks it to end as a service manager would, and gives its exit code.
    pub fn end(&mut self) -> Option<i32> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Simulators {
    fn drop(&mut self) {
        // It has ended already when the test was about that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A place with the configuration that `simulate` hands out, its account and its secrets.
pub fn installation() -> (Place, Simulators) {
    let place = Place::new();
    let simulators = Simulators::start(&place);
    place.write("erp-sync.toml", simulators.text("config"));
    place.write("accounts.toml", simulators.text("accounts"));
    place.run(&["accounts", "apply", "--apply"]).done();
    for scope in ["sige", "google"] {
        let name = format!("{scope}/{}", simulators.text("account"));
        let value = simulators.told[format!("{scope}_secret")].to_string();
        place.run_with_input(&["secrets", "set", &name], &value).done();
    }
    (place, simulators)
}

/// How far each day of the first account has come.
pub fn outcomes(report: &Value) -> Vec<&str> {
    let days = report["accounts"][0]["days"].as_array().expect("days");
    days.iter().map(|day| day["outcome"].as_str().expect("an outcome")).collect()
}
