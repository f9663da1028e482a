//! Calls of functions.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::builtin::{self, Builtin};
use crate::diagnostic::{Span, WarningKind};
use crate::machine::{Machine, Stop};
use crate::node::{ArgumentNodes, CallNode, Node};
use crate::value::{Closure, Function, FunctionKind, HostFunction, Value};

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn call_builtin(
        &mut self,
        builtin: &'static Builtin,
        arguments: &[Node],
        span: Span,
    ) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let mut values: SmallVec<[Value; 4]> = SmallVec::new();
        for (nth, argument) in arguments.iter().enumerate() {
            match self.evaluate(argument) {
                Ok(value) => values.push(value),
                Err(stop) => {
                    let rest = arguments[nth + 1..].iter();
                    return self.failed_argument(builtin.name, stop, rest, locals, span);
                }
            }
        }
        match builtin::call(builtin, self, &values) {
            Ok(value) => Ok(value),
            Err(stop) => self.failed_call(builtin.name, stop, locals, span),
        }
    }

    #[inline(never)]
    pub(super) fn call_builtin_named(
        &mut self,
        builtin: &'static Builtin,
        arguments: &[(Arc<str>, Node)],
        span: Span,
    ) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let mut values: SmallVec<[(Arc<str>, Value); 4]> = SmallVec::new();
        for (nth, (name, argument)) in arguments.iter().enumerate() {
            match self.evaluate(argument) {
                Ok(value) => values.push((name.clone(), value)),
                Err(stop) => {
                    let rest = arguments[nth + 1..].iter().map(|(_, argument)| argument);
                    return self.failed_argument(builtin.name, stop, rest, locals, span);
                }
            }
        }
        match builtin::call_named(builtin, self, &values) {
            Ok(value) => Ok(value),
            Err(stop) => self.failed_call(builtin.name, stop, locals, span),
        }
    }

    /// Null with a warning. The other arguments are evaluated all the same: they may have warnings, too, or fail.
    #[cold]
    fn failed_argument<'n>(
        &mut self,
        name: &str,
        stop: Stop,
        rest: impl Iterator<Item = &'n Node>,
        locals: usize,
        span: Span,
    ) -> Result<Value, Stop> {
        for argument in rest {
            let value = self.evaluate(argument);
            self.or_null(value, locals)?;
        }
        self.failed_call(name, stop, locals, span)
    }

    /// Null with a warning, unless the evaluation fails.
    #[cold]
    fn failed_call(&mut self, name: &str, stop: Stop, locals: usize, span: Span) -> Result<Value, Stop> {
        let message = stop.into_null()?;
        self.locals.truncate(locals);
        let message = format!("Failed to invoke function '{name}': {message}");
        self.warn(WarningKind::FunctionInvocationFailure, message, span);
        Ok(Value::Null)
    }

    #[inline(never)]
    pub(super) fn call(&mut self, node: &CallNode, span: Span) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let warnings = self.warning_count();
        let function = match self.evaluate(&node.callee)? {
            Value::Function(function) => function,
            _ => {
                self.forget_warnings(warnings);
                return self.no_function(node, span);
            }
        };
        let Some(arguments) = self.arguments_for(&function, &node.arguments)? else {
            return self.no_function(node, span);
        };
        match self.invoke(&function, &arguments) {
            Ok(value) => Ok(value),
            Err(stop) if node.member && !self.switches().range_values => Err(stop),
            Err(stop) => self.failed_call(&node.name, stop, locals, span),
        }
    }

    fn no_function(&mut self, node: &CallNode, span: Span) -> Result<Value, Stop> {
        let detail = match &node.arguments {
            ArgumentNodes::Positional(values) => format!("{} parameters", values.len()),
            ArgumentNodes::Named(values) => {
                let names: Vec<&str> = values.iter().map(|(name, _)| &**name).collect();
                format!("parameters: {}", names.join(","))
            }
        };
        let message = format!("No function found with name '{}' and {detail}", node.name);
        self.warn(WarningKind::NoFunctionFound, message.clone(), span);
        // A missing member of a context fails the evaluation in the BPMN dialect's reference, unless a call is around it.
        if node.member && !self.switches().range_values { Err(Stop::null(message)) } else { Ok(Value::Null) }
    }

    /// The arguments in the order of the parameters; none if they do not fit.
    fn arguments_for(
        &mut self,
        function: &Function,
        arguments: &ArgumentNodes,
    ) -> Result<Option<SmallVec<[Value; 4]>>, Stop> {
        let mut values: SmallVec<[Value; 4]> = SmallVec::new();
        match arguments {
            ArgumentNodes::Positional(nodes) => {
                let takes_any = matches!(function.kind(), FunctionKind::Builtin(_));
                if !takes_any && nodes.len() != function.parameter_count() {
                    return Ok(None);
                }
                for node in nodes {
                    values.push(self.evaluate(node)?);
                }
            }
            ArgumentNodes::Named(nodes) => {
                let names = function.parameter_names();
                if nodes.iter().any(|(name, _)| !names.contains(name)) {
                    return Ok(None);
                }
                for name in names {
                    values.push(match nodes.iter().find(|(given, _)| *given == name) {
                        Some((_, node)) => self.evaluate(node)?,
                        None => Value::Null,
                    });
                }
            }
        }
        Ok(Some(values))
    }

    /// Calls a function value.
    pub fn invoke(&mut self, function: &Function, arguments: &[Value]) -> Result<Value, Stop> {
        match function.kind() {
            FunctionKind::Builtin(builtin) => builtin::call(builtin, self, arguments),
            FunctionKind::Closure(closure) => self.run(closure, arguments),
            FunctionKind::Host(host) => self.call_host(&host.clone(), arguments),
        }
    }

    fn run(&mut self, closure: &Arc<Closure>, arguments: &[Value]) -> Result<Value, Stop> {
        let outer_depth = self.enter(closure.body.depth)?;
        self.burn(u64::from(closure.body.depth.whole_nodes))?;
        let outer_base = std::mem::replace(&mut self.base, self.locals.len());
        let outer_closure = self.closure.replace(closure.clone());
        let start = self.base;
        for (argument, (_, of)) in arguments.iter().zip(closure.body.parameters.iter()) {
            let argument = self.coerced(argument, of);
            self.locals.push(argument);
        }
        let result = self.evaluate(&closure.body.node);
        self.locals.truncate(start);
        self.base = outer_base;
        self.closure = outer_closure;
        self.ascend(outer_depth);
        result
    }

    fn call_host(&mut self, host: &Arc<dyn HostFunction>, arguments: &[Value]) -> Result<Value, Stop> {
        let outer_depth = self.descend(HOST_DEPTH_NODES)?;
        let coerced = arguments
            .iter()
            .zip(host.parameters())
            .map(|(argument, (_, of))| self.coerced(argument, of))
            .collect();
        let result = host.call(coerced, self);
        self.ascend(outer_depth);
        result
    }

    /// The argument as the parameter's type wants it; null if it cannot be (DMN 1.5 clause 10.3.2.9.4).
    pub(crate) fn coerced(&self, argument: &Value, of: &crate::names::Type) -> Value {
        use crate::names::Type;
        if *of == Type::Any || super::types::conforms(argument, of) {
            return argument.clone();
        }
        if !self.switches().singleton_coercion {
            return argument.clone();
        }
        match (argument, of) {
            (Value::List(items), of) if items.len() == 1 && super::types::conforms(&items[0], of) => {
                items[0].clone()
            }
            (value, Type::List(item)) if super::types::conforms(value, item) => {
                Value::from(vec![value.clone()])
            }
            _ => Value::Null,
        }
    }
}

/// What a call of a host function counts for in the depth of nodes; the expressions that it evaluates count themselves.
const HOST_DEPTH_NODES: u32 = 2;
