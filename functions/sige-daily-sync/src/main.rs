//! `sige-daily-sync` on AWS Lambda: state, queue, secrets, and SIGE for the orders changed since.
use adapter_aws::Connection;
use adapter_sige::{SigeOrders, SigeSection};
use flows::{config::Transport, connections::AccountConnections, deps::Deps, settings::FlowSection};
use shared::function::FunctionError;
use shared::lambda::{self, Ground};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    lambda::main("sige-daily-sync", |environment| {
        let (transport, sige): (Transport, SigeSection) = (environment.section(), environment.section());
        let flows: FlowSection = environment.section();
        environment.conflicts(flows.conflicts(&sige.timings(), &[]));
        environment.conflicts(sige.conflicts(&transport));
        move |ground: Ground| {
            let orders = SigeOrders::new(&sige, &transport, ground.clock.clone(), ground.random.clone());
            let settings = flows.settings();
            async move {
                let aws = Connection::of_function(&ground.stack, &ground.clock, &ground.random)
                    .map_err(|error| FunctionError::NotStarted(error.to_string()))?;
                let (state, clock) = (aws.state(), ground.clock.clone());
                let connections =
                    AccountConnections::new(&ground.stack.stage, state.clone(), aws.secrets(), clock);
                let connections = Arc::new(connections.with_orders(orders));
                let deps = Deps { connections, ..ground.deps(state, aws.queue(), settings) };
                Ok(sige_daily_sync::function(deps, ground.metrics))
            }
        }
    })
}
