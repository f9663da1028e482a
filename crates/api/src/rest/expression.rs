//! `/expression`: evaluation.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use weir_engine::command::{Command, Reply};

use super::body::{Answer, Json, Variables, raw, required, tenant};
use crate::{door::Door, failure::Failure, request};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Evaluation {
    expression: Option<String>,
    tenant_id: Option<String>,
    #[serde(default)]
    variables: Variables,
}

#[derive(Serialize)]
pub(super) struct Evaluated {
    expression: String,
    result: Box<RawValue>,
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Warning {
    message: String,
}

pub(super) async fn evaluate(
    State(door): State<Door>,
    Json(body): Json<Evaluation>,
) -> Result<Answer<Evaluated>, Failure> {
    tenant(body.tenant_id.as_deref())?;
    let expression = request::name("expression", required("expression", body.expression.as_deref())?)?;
    let variables = body.variables.document()?;
    match door.submit(Command::EvaluateExpression { expression: expression.clone(), variables }).await? {
        Reply::ExpressionEvaluated { result, warnings } => Ok(Answer(Evaluated {
            expression: (*expression).into(),
            result: raw(result)?,
            warnings: warnings.into_iter().map(|message| Warning { message }).collect(),
        })),
        other => Err(Failure::unexpected(&other)),
    }
}
