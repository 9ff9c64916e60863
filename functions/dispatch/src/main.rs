//! `dispatch` on AWS Lambda: state and queue, nothing outside.
use adapter_aws::Connection;
use flows::settings::FlowSection;
use shared::function::FunctionError;
use shared::lambda::{self, Ground};
use std::process::ExitCode;

fn main() -> ExitCode {
    lambda::main("dispatch", |environment| {
        let flows: FlowSection = environment.section();
        environment.conflicts(flows.conflicts(&[], &[]));
        move |ground: Ground| {
            let settings = flows.settings();
            async move {
                let aws = Connection::of_function(&ground.stack, &ground.clock, &ground.random)
                    .map_err(|error| FunctionError::NotStarted(error.to_string()))?;
                Ok(dispatch::function(ground.deps(aws.state(), aws.queue(), settings), ground.metrics))
            }
        }
    })
}
