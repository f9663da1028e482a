//! Making a failing world as small as possible: a simpler world, then fewer steps, until nothing can be left out.

use std::collections::BTreeSet;

use super::{Plan, Report};

/// Simplifies a failing plan as long as something still goes wrong; gives the smallest one found and what it came to. Its story
/// begins with what was left out.
pub fn shrink(plan: Plan) -> (Plan, Report) {
    let mut best = plan;
    let mut report = best.run();
    let mut said = Vec::new();
    loop {
        let knobs = best.knobs;
        let simpler = knobs.simpler().into_iter().find_map(|(what, knobs)| {
            let unchanged = format!("{knobs:?}") == format!("{:?}", best.knobs);
            let plan = Plan { knobs, ..best.clone() };
            let report = (!unchanged).then(|| plan.run()).filter(|report| report.violation.is_some())?;
            Some((what, plan, report))
        });
        let Some((what, plan, simpler)) = simpler else { break };
        said.push(what);
        (best, report) = (plan, simpler);
    }
    leave_out_steps(&mut best, &mut report);
    report.story.insert(1, format!("left out: {}", said.join(", ")));
    (best, report)
}

fn leave_out_steps(best: &mut Plan, report: &mut Report) {
    let mut chunk = report.steps.len().div_ceil(2);
    while chunk > 0 {
        for steps in report.steps.clone().chunks(chunk) {
            let mut muted: BTreeSet<u64> = best.muted.clone();
            muted.extend(steps);
            let plan = Plan { muted, ..best.clone() };
            let fewer = plan.run();
            if fewer.violation.is_some() {
                (*best, *report) = (plan, fewer);
            }
        }
        chunk /= 2;
    }
}
