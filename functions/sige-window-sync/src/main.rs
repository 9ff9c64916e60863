//! `sige-window-sync` on AWS Lambda: every port, SIGE and Google Sheets.
use adapter_aws::Connection;
use adapter_sheets::{SheetsOpener, SheetsSection};
use adapter_sige::{SigeOrders, SigeSection};
use flows::{config::Transport, connections::AccountConnections, deps::Deps, settings::FlowSection};
use shared::function::FunctionError;
use shared::lambda::{self, Ground};
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    lambda::main("sige-window-sync", |environment| {
        let (transport, sige): (Transport, SigeSection) = (environment.section(), environment.section());
        let (sheets, flows): (SheetsSection, FlowSection) = (environment.section(), environment.section());
        let calls = [sige.timings(), sheets.timings()].concat();
        environment.conflicts(flows.conflicts(&calls, &sheets.timings()));
        environment.conflicts([sige.conflicts(&transport), sheets.conflicts(&transport)].concat());
        move |ground: Ground| {
            let Ground { stack, clock, random, metrics } = ground.clone();
            let orders = SigeOrders::new(&sige, &transport, clock.clone(), random.clone());
            let opener = SheetsOpener::new(&sheets, clock.clone(), random.clone());
            let settings = flows.settings();
            async move {
                let not_started = |error: String| FunctionError::NotStarted(error);
                let aws = Connection::of_function(&stack, &clock, &random)
                    .map_err(|error| not_started(error.to_string()))?;
                let (state, secrets) = (aws.state(), aws.secrets());
                let connections =
                    AccountConnections::new(&stack.stage, state.clone(), secrets.clone(), clock);
                let deps = Deps {
                    connections: Arc::new(connections.with_orders(orders).with_sheets(opener)),
                    blobs: aws.blobs(),
                    pseudonym: ground.pseudonym(&*secrets).await?,
                    ..ground.deps(state, aws.queue(), settings)
                };
                Ok(sige_window_sync::function(deps, metrics))
            }
        }
    })
}
