//! `weir demo`: an example process runs to its end on a durable server, before the user's eyes.

use std::{net::TcpListener, path::PathBuf, time::Duration};

use clap::Args;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use weir_api::proto::{
    ActivateJobsRequest, CompleteJobRequest, CreateProcessInstanceRequest,
    CreateProcessInstanceWithResultRequest, PublishMessageRequest, Resource, weir::FollowAllRequest,
};

use crate::{
    client::{Client, Connection},
    command::{deploy, instance::parse_variables, serve::Settings},
    config::Config,
    exit::Exit,
    failure::Failure,
    follow::Teller,
    output::{DIM, GOOD, NAME, Output},
    start::{self, Addresses, Signals},
};

/// Start a server, run an order through an example process, and say what to try next.
///
/// The server is the real one: durable, on the usual ports, or on free ones where those are taken.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// End when the order is shipped instead of staying
    #[arg(long)]
    once: bool,
    /// Folder that holds everything
    #[arg(long, value_name = "DIR", default_value = "weir-demo-data")]
    data_dir: PathBuf,
}

const ORDER: &str = include_str!("../../../../examples/models/order.bpmn");
const DISCOUNT: &str = include_str!("../../../../examples/models/discount.dmn");
/// The example's jobs, what their workers say, and what they answer. A user task is a job for whoever shows it to a person.
const WORKERS: [(&str, &str, &str); 3] = [
    ("reserve-goods", "the warehouse reserves the goods", r#"{"shelf": "B-17"}"#),
    ("io.camunda.zeebe:userTask", "Ada looks at the order and approves it", r#"{"approvedBy": "Ada"}"#),
    ("ship-goods", "the parcel is on its way", r#"{"parcel": "P-4711"}"#),
];
/// Time that the example may take: its timer takes a second.
const PATIENCE: Duration = Duration::from_secs(30);

impl Demo {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let config = Config::with(self.settings(output).given())?;
        start::logging(&config);
        start::runtime(&config)?.block_on(async {
            let server = start::start_server(&config).await?;
            output.say(server.addresses.to_text());
            output.say(format_args!("{DIM}everything is kept in {}{DIM:#}\n", self.data_dir.display()));
            let mut client = Connection::to(server.addresses.grpc.to_string()).client()?;
            deploy_example(&mut client, output).await?;
            let telling = tell(&mut client, output).await?;
            for worker in WORKERS {
                tokio::spawn(work(client.clone(), worker, output));
            }
            let result = order(&mut client, output).await?;
            let mut signals = Signals::listen()?;
            output.answer(
                &result,
                format_args!(
                    "\n{GOOD}The order is shipped.{GOOD:#} Its variables: {}\n",
                    result["variables"]
                ),
            );
            if !self.once {
                output.say(next_steps(server.addresses));
                tokio::select! {
                    () = signals.told_to_stop() => {}
                    failure = server.failed() => return Err(failure),
                }
            }
            telling.abort();
            signals.stop(server, output).await?;
            Ok(Exit::Ok)
        })
    }

    /// The usual ports; free ones where those are taken.
    fn settings(&self, output: Output) -> Settings {
        let pick = |name: &str, port: u16| {
            let usual = format!("127.0.0.1:{port}");
            if TcpListener::bind(&usual).is_ok() {
                return Some(usual);
            }
            output.say(format_args!("{DIM}port {port} ({name}) is taken: a free one is used{DIM:#}"));
            Some("127.0.0.1:0".to_owned())
        };
        Settings {
            data_dir: Some(self.data_dir.display().to_string()),
            grpc_addr: pick("gRPC", 26500),
            rest_addr: pick("REST", 8080),
            metrics_addr: pick("metrics", 9600),
            log: Some("warn".to_owned()),
            ..Settings::default()
        }
    }
}

async fn deploy_example(client: &mut Client, output: Output) -> Result<(), Failure> {
    let resource = |name: &str, text: &'static str| Resource { name: name.to_owned(), content: text.into() };
    let deployed =
        deploy::deploy(client, vec![resource("order.bpmn", ORDER), resource("discount.dmn", DISCOUNT)])
            .await?;
    output.say(format_args!("{}\n", deploy::to_text(&deployed)));
    Ok(())
}

/// Prints what instances do from now on.
async fn tell(client: &mut Client, output: Output) -> Result<JoinHandle<()>, Failure> {
    let events = client.follow.follow_all(FollowAllRequest {}).await;
    let events = client.answer("following the instances", events)?;
    Ok(tokio::spawn(async move {
        if output.json {
            return;
        }
        if let Err(status) = Teller::of_many(output).tell_all(events).await {
            output.say(format_args!(
                "{DIM}what instances do is not told any more: {}{DIM:#}",
                status.message()
            ));
        }
    }))
}

/// One of the example's workers.
async fn work(
    mut client: Client,
    (job_type, says, answers): (&'static str, &'static str, &'static str),
    output: Output,
) {
    loop {
        let message = ActivateJobsRequest {
            r#type: job_type.to_owned(),
            worker: "weir-demo".to_owned(),
            timeout: 60_000,
            max_jobs_to_activate: 1,
            request_timeout: 10_000,
            ..Default::default()
        };
        let request = client.request_within(message, Duration::from_secs(20));
        let Ok(stream) = client.gateway.activate_jobs(request).await else { return };
        let mut stream = stream.into_inner();
        while let Ok(Some(batch)) = stream.message().await {
            for job in batch.jobs {
                output.say(format_args!("{DIM}{:>16}  worker {DIM:#} {says}", ""));
                // Long enough to be seen.
                tokio::time::sleep(Duration::from_millis(200)).await;
                let request = client.request(CompleteJobRequest {
                    job_key: job.key,
                    variables: answers.to_owned(),
                    ..Default::default()
                });
                let _refused = client.gateway.complete_job(request).await;
            }
        }
    }
}

/// Places an order, pays for it, and waits for its end.
async fn order(client: &mut Client, output: Output) -> Result<Value, Failure> {
    let order_id = format!("order-{}", std::process::id());
    let variables = json!({ "orderId": order_id, "customer": "gold", "amount": 1250 });
    output.say(format_args!("{NAME}an order is placed:{NAME:#} {variables}\n"));
    let request = CreateProcessInstanceRequest {
        bpmn_process_id: "order".to_owned(),
        version: -1,
        variables: variables.to_string(),
        ..Default::default()
    };
    let message = CreateProcessInstanceWithResultRequest {
        request: Some(request),
        request_timeout: i64::try_from(PATIENCE.as_millis()).unwrap_or(i64::MAX),
        ..Default::default()
    };
    let mut payer = client.clone();
    let paying = async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        output.say(format_args!(
            "{DIM}{:>16}  message{DIM:#} the customer pays: payment-received for {order_id}",
            ""
        ));
        let message = PublishMessageRequest {
            name: "payment-received".to_owned(),
            correlation_key: order_id.clone(),
            time_to_live: 60_000,
            variables: r#"{"paid": true}"#.to_owned(),
            ..Default::default()
        };
        let request = payer.request(message);
        let answer = payer.gateway.publish_message(request).await;
        payer.answer("publishing the payment", answer).map(|_key| ())
    };
    let request = client.request_within(message, PATIENCE + Duration::from_secs(1));
    let (answer, paid) = tokio::join!(client.gateway.create_process_instance_with_result(request), paying);
    paid?;
    let answer = client.answer("running the order", answer)?;
    Ok(
        json!({ "processInstanceKey": answer.process_instance_key.to_string(), "variables": parse_variables(&answer.variables) }),
    )
}

/// How the user calls this program: by its name where the shell finds it, or else by its path.
fn program() -> String {
    let name = "weir".to_owned();
    let Ok(this) = std::env::current_exe() else { return name };
    let folders = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&folders)
        .any(|folder| folder.join(&name).canonicalize().is_ok_and(|it| it == this))
    {
        return name;
    }
    let here = std::env::current_dir().unwrap_or_default();
    this.strip_prefix(here).unwrap_or(&this).display().to_string()
}

fn next_steps(addresses: Addresses) -> String {
    let weir = program();
    let Addresses { grpc, rest, metrics } = addresses;
    let at = if grpc.port() == 26500 { String::new() } else { format!(" --address {grpc}") };
    format!(
        "{NAME}The server goes on, and the example's workers with it. Try:{NAME:#}

  {DIM}# the same order with this program, then its payment{DIM:#}
  {weir} run order --var orderId=42 --var customer=silver --var amount=700{at} --follow
  {weir} message publish payment-received --key 42 --var paid=true{at}      {DIM}# in another terminal{DIM:#}

  {DIM}# and with curl{DIM:#}
  curl -s http://{rest}/v2/process-instances -H 'content-type: application/json' \\
    -d '{{\"processDefinitionId\": \"order\", \"variables\": {{\"orderId\": \"43\", \"customer\": \"gold\", \"amount\": 80}}}}'
  curl -s http://{rest}/v2/messages/publication -H 'content-type: application/json' \\
    -d '{{\"name\": \"payment-received\", \"correlationKey\": \"43\", \"timeToLive\": 60000}}'

  {DIM}# a worker of your own, in Python or JavaScript, with the published clients{DIM:#}
  pip install pyzeebe && ZEEBE_ADDRESS={grpc} python examples/worker.py
  npm install @camunda8/sdk && ZEEBE_ADDRESS={grpc} node examples/worker.mjs

  {DIM}# how it is doing{DIM:#}
  curl -s http://{metrics}/metrics

Ctrl-C ends it; nothing is lost, and the next start goes on from there."
    )
}
