//! Every operation of the contract, built or not: what a client may ask for, so that the answer can name it.

use axum::http::Method;

/// One operation.
pub(crate) struct Operation {
    /// How it is asked.
    pub(crate) method: Method,
    /// Where, below `/v2`.
    pub(crate) path: &'static str,
    /// Its name in the contract.
    pub(crate) id: &'static str,
}

const fn at(method: Method, path: &'static str, id: &'static str) -> Operation {
    Operation { method, path, id }
}

/// The operations of the contract of version 8.9, by noun.
pub(crate) const OPERATIONS: &[Operation] = &[
    // Ad-hoc sub-process.
    at(
        Method::POST,
        "/element-instances/ad-hoc-activities/{adHocSubProcessInstanceKey}/activation",
        "activateAdHocSubProcessActivities",
    ),
    // Audit Log.
    at(Method::POST, "/audit-logs/search", "searchAuditLogs"),
    at(Method::GET, "/audit-logs/{auditLogKey}", "getAuditLog"),
    // Authentication.
    at(Method::GET, "/authentication/me", "getAuthentication"),
    // Authorization.
    at(Method::POST, "/authorizations", "createAuthorization"),
    at(Method::POST, "/authorizations/search", "searchAuthorizations"),
    at(Method::DELETE, "/authorizations/{authorizationKey}", "deleteAuthorization"),
    at(Method::GET, "/authorizations/{authorizationKey}", "getAuthorization"),
    at(Method::PUT, "/authorizations/{authorizationKey}", "updateAuthorization"),
    // Batch operation.
    at(Method::POST, "/batch-operation-items/search", "searchBatchOperationItems"),
    at(Method::POST, "/batch-operations/search", "searchBatchOperations"),
    at(Method::GET, "/batch-operations/{batchOperationKey}", "getBatchOperation"),
    at(Method::POST, "/batch-operations/{batchOperationKey}/cancellation", "cancelBatchOperation"),
    at(Method::POST, "/batch-operations/{batchOperationKey}/resumption", "resumeBatchOperation"),
    at(Method::POST, "/batch-operations/{batchOperationKey}/suspension", "suspendBatchOperation"),
    // Clock.
    at(Method::PUT, "/clock", "pinClock"),
    at(Method::POST, "/clock/reset", "resetClock"),
    // Cluster.
    at(Method::GET, "/status", "getStatus"),
    at(Method::GET, "/topology", "getTopology"),
    // Cluster Variable.
    at(Method::POST, "/cluster-variables/global", "createGlobalClusterVariable"),
    at(Method::DELETE, "/cluster-variables/global/{name}", "deleteGlobalClusterVariable"),
    at(Method::GET, "/cluster-variables/global/{name}", "getGlobalClusterVariable"),
    at(Method::PUT, "/cluster-variables/global/{name}", "updateGlobalClusterVariable"),
    at(Method::POST, "/cluster-variables/search", "searchClusterVariables"),
    at(Method::POST, "/cluster-variables/tenants/{tenantId}", "createTenantClusterVariable"),
    at(Method::DELETE, "/cluster-variables/tenants/{tenantId}/{name}", "deleteTenantClusterVariable"),
    at(Method::GET, "/cluster-variables/tenants/{tenantId}/{name}", "getTenantClusterVariable"),
    at(Method::PUT, "/cluster-variables/tenants/{tenantId}/{name}", "updateTenantClusterVariable"),
    // Conditional.
    at(Method::POST, "/conditionals/evaluation", "evaluateConditionals"),
    // Decision definition.
    at(Method::POST, "/decision-definitions/evaluation", "evaluateDecision"),
    at(Method::POST, "/decision-definitions/search", "searchDecisionDefinitions"),
    at(Method::GET, "/decision-definitions/{decisionDefinitionKey}", "getDecisionDefinition"),
    at(Method::GET, "/decision-definitions/{decisionDefinitionKey}/xml", "getDecisionDefinitionXML"),
    // Decision instance.
    at(Method::POST, "/decision-instances/deletion", "deleteDecisionInstancesBatchOperation"),
    at(Method::POST, "/decision-instances/search", "searchDecisionInstances"),
    at(Method::GET, "/decision-instances/{decisionEvaluationInstanceKey}", "getDecisionInstance"),
    at(Method::POST, "/decision-instances/{decisionEvaluationKey}/deletion", "deleteDecisionInstance"),
    // Decision requirements.
    at(Method::POST, "/decision-requirements/search", "searchDecisionRequirements"),
    at(Method::GET, "/decision-requirements/{decisionRequirementsKey}", "getDecisionRequirements"),
    at(Method::GET, "/decision-requirements/{decisionRequirementsKey}/xml", "getDecisionRequirementsXML"),
    // Document.
    at(Method::POST, "/documents", "createDocument"),
    at(Method::POST, "/documents/batch", "createDocuments"),
    at(Method::DELETE, "/documents/{documentId}", "deleteDocument"),
    at(Method::GET, "/documents/{documentId}", "getDocument"),
    at(Method::POST, "/documents/{documentId}/links", "createDocumentLink"),
    // Element instance.
    at(Method::POST, "/element-instances/search", "searchElementInstances"),
    at(Method::GET, "/element-instances/{elementInstanceKey}", "getElementInstance"),
    at(
        Method::POST,
        "/element-instances/{elementInstanceKey}/incidents/search",
        "searchElementInstanceIncidents",
    ),
    at(Method::PUT, "/element-instances/{elementInstanceKey}/variables", "createElementInstanceVariables"),
    // Expression.
    at(Method::POST, "/expression/evaluation", "evaluateExpression"),
    // Global listener.
    at(Method::POST, "/global-task-listeners", "createGlobalTaskListener"),
    at(Method::POST, "/global-task-listeners/search", "searchGlobalTaskListeners"),
    at(Method::DELETE, "/global-task-listeners/{id}", "deleteGlobalTaskListener"),
    at(Method::GET, "/global-task-listeners/{id}", "getGlobalTaskListener"),
    at(Method::PUT, "/global-task-listeners/{id}", "updateGlobalTaskListener"),
    // Group.
    at(Method::POST, "/groups", "createGroup"),
    at(Method::POST, "/groups/search", "searchGroups"),
    at(Method::DELETE, "/groups/{groupId}", "deleteGroup"),
    at(Method::GET, "/groups/{groupId}", "getGroup"),
    at(Method::PUT, "/groups/{groupId}", "updateGroup"),
    at(Method::POST, "/groups/{groupId}/clients/search", "searchClientsForGroup"),
    at(Method::DELETE, "/groups/{groupId}/clients/{clientId}", "unassignClientFromGroup"),
    at(Method::PUT, "/groups/{groupId}/clients/{clientId}", "assignClientToGroup"),
    at(Method::POST, "/groups/{groupId}/mapping-rules/search", "searchMappingRulesForGroup"),
    at(Method::DELETE, "/groups/{groupId}/mapping-rules/{mappingRuleId}", "unassignMappingRuleFromGroup"),
    at(Method::PUT, "/groups/{groupId}/mapping-rules/{mappingRuleId}", "assignMappingRuleToGroup"),
    at(Method::POST, "/groups/{groupId}/roles/search", "searchRolesForGroup"),
    at(Method::POST, "/groups/{groupId}/users/search", "searchUsersForGroup"),
    at(Method::DELETE, "/groups/{groupId}/users/{username}", "unassignUserFromGroup"),
    at(Method::PUT, "/groups/{groupId}/users/{username}", "assignUserToGroup"),
    // Incident.
    at(Method::POST, "/incidents/search", "searchIncidents"),
    at(
        Method::POST,
        "/incidents/statistics/process-instances-by-definition",
        "getProcessInstanceStatisticsByDefinition",
    ),
    at(
        Method::POST,
        "/incidents/statistics/process-instances-by-error",
        "getProcessInstanceStatisticsByError",
    ),
    at(Method::GET, "/incidents/{incidentKey}", "getIncident"),
    at(Method::POST, "/incidents/{incidentKey}/resolution", "resolveIncident"),
    // Job.
    at(Method::POST, "/jobs/activation", "activateJobs"),
    at(Method::POST, "/jobs/search", "searchJobs"),
    at(Method::POST, "/jobs/statistics/by-types", "getJobTypeStatistics"),
    at(Method::POST, "/jobs/statistics/by-workers", "getJobWorkerStatistics"),
    at(Method::POST, "/jobs/statistics/errors", "getJobErrorStatistics"),
    at(Method::GET, "/jobs/statistics/global", "getGlobalJobStatistics"),
    at(Method::POST, "/jobs/statistics/time-series", "getJobTimeSeriesStatistics"),
    at(Method::PATCH, "/jobs/{jobKey}", "updateJob"),
    at(Method::POST, "/jobs/{jobKey}/completion", "completeJob"),
    at(Method::POST, "/jobs/{jobKey}/error", "throwJobError"),
    at(Method::POST, "/jobs/{jobKey}/failure", "failJob"),
    // License.
    at(Method::GET, "/license", "getLicense"),
    // Mapping rule.
    at(Method::POST, "/mapping-rules", "createMappingRule"),
    at(Method::POST, "/mapping-rules/search", "searchMappingRule"),
    at(Method::DELETE, "/mapping-rules/{mappingRuleId}", "deleteMappingRule"),
    at(Method::GET, "/mapping-rules/{mappingRuleId}", "getMappingRule"),
    at(Method::PUT, "/mapping-rules/{mappingRuleId}", "updateMappingRule"),
    // Message.
    at(Method::POST, "/messages/correlation", "correlateMessage"),
    at(Method::POST, "/messages/publication", "publishMessage"),
    // Message subscription.
    at(Method::POST, "/correlated-message-subscriptions/search", "searchCorrelatedMessageSubscriptions"),
    at(Method::POST, "/message-subscriptions/search", "searchMessageSubscriptions"),
    // Process definition.
    at(Method::POST, "/process-definitions/search", "searchProcessDefinitions"),
    at(
        Method::POST,
        "/process-definitions/statistics/message-subscriptions",
        "getProcessDefinitionMessageSubscriptionStatistics",
    ),
    at(
        Method::POST,
        "/process-definitions/statistics/process-instances",
        "getProcessDefinitionInstanceStatistics",
    ),
    at(
        Method::POST,
        "/process-definitions/statistics/process-instances-by-version",
        "getProcessDefinitionInstanceVersionStatistics",
    ),
    at(Method::GET, "/process-definitions/{processDefinitionKey}", "getProcessDefinition"),
    at(Method::GET, "/process-definitions/{processDefinitionKey}/form", "getStartProcessForm"),
    at(
        Method::POST,
        "/process-definitions/{processDefinitionKey}/statistics/element-instances",
        "getProcessDefinitionStatistics",
    ),
    at(Method::GET, "/process-definitions/{processDefinitionKey}/xml", "getProcessDefinitionXML"),
    // Process instance.
    at(Method::POST, "/process-instances", "createProcessInstance"),
    at(Method::POST, "/process-instances/cancellation", "cancelProcessInstancesBatchOperation"),
    at(Method::POST, "/process-instances/deletion", "deleteProcessInstancesBatchOperation"),
    at(Method::POST, "/process-instances/incident-resolution", "resolveIncidentsBatchOperation"),
    at(Method::POST, "/process-instances/migration", "migrateProcessInstancesBatchOperation"),
    at(Method::POST, "/process-instances/modification", "modifyProcessInstancesBatchOperation"),
    at(Method::POST, "/process-instances/search", "searchProcessInstances"),
    at(Method::GET, "/process-instances/{processInstanceKey}", "getProcessInstance"),
    at(
        Method::GET,
        "/process-instances/{processInstanceKey}/call-hierarchy",
        "getProcessInstanceCallHierarchy",
    ),
    at(Method::POST, "/process-instances/{processInstanceKey}/cancellation", "cancelProcessInstance"),
    at(Method::POST, "/process-instances/{processInstanceKey}/deletion", "deleteProcessInstance"),
    at(
        Method::POST,
        "/process-instances/{processInstanceKey}/incident-resolution",
        "resolveProcessInstanceIncidents",
    ),
    at(
        Method::POST,
        "/process-instances/{processInstanceKey}/incidents/search",
        "searchProcessInstanceIncidents",
    ),
    at(Method::POST, "/process-instances/{processInstanceKey}/migration", "migrateProcessInstance"),
    at(Method::POST, "/process-instances/{processInstanceKey}/modification", "modifyProcessInstance"),
    at(
        Method::GET,
        "/process-instances/{processInstanceKey}/sequence-flows",
        "getProcessInstanceSequenceFlows",
    ),
    at(
        Method::GET,
        "/process-instances/{processInstanceKey}/statistics/element-instances",
        "getProcessInstanceStatistics",
    ),
    // Resource.
    at(Method::POST, "/deployments", "createDeployment"),
    at(Method::GET, "/resources/{resourceKey}", "getResource"),
    at(Method::GET, "/resources/{resourceKey}/content", "getResourceContent"),
    at(Method::POST, "/resources/{resourceKey}/deletion", "deleteResource"),
    // Role.
    at(Method::POST, "/roles", "createRole"),
    at(Method::POST, "/roles/search", "searchRoles"),
    at(Method::DELETE, "/roles/{roleId}", "deleteRole"),
    at(Method::GET, "/roles/{roleId}", "getRole"),
    at(Method::PUT, "/roles/{roleId}", "updateRole"),
    at(Method::POST, "/roles/{roleId}/clients/search", "searchClientsForRole"),
    at(Method::DELETE, "/roles/{roleId}/clients/{clientId}", "unassignRoleFromClient"),
    at(Method::PUT, "/roles/{roleId}/clients/{clientId}", "assignRoleToClient"),
    at(Method::POST, "/roles/{roleId}/groups/search", "searchGroupsForRole"),
    at(Method::DELETE, "/roles/{roleId}/groups/{groupId}", "unassignRoleFromGroup"),
    at(Method::PUT, "/roles/{roleId}/groups/{groupId}", "assignRoleToGroup"),
    at(Method::POST, "/roles/{roleId}/mapping-rules/search", "searchMappingRulesForRole"),
    at(Method::DELETE, "/roles/{roleId}/mapping-rules/{mappingRuleId}", "unassignRoleFromMappingRule"),
    at(Method::PUT, "/roles/{roleId}/mapping-rules/{mappingRuleId}", "assignRoleToMappingRule"),
    at(Method::POST, "/roles/{roleId}/users/search", "searchUsersForRole"),
    at(Method::DELETE, "/roles/{roleId}/users/{username}", "unassignRoleFromUser"),
    at(Method::PUT, "/roles/{roleId}/users/{username}", "assignRoleToUser"),
    // Setup.
    at(Method::POST, "/setup/user", "createAdminUser"),
    // Signal.
    at(Method::POST, "/signals/broadcast", "broadcastSignal"),
    // System.
    at(Method::GET, "/system/configuration", "getSystemConfiguration"),
    at(Method::GET, "/system/usage-metrics", "getUsageMetrics"),
    // Tenant.
    at(Method::POST, "/tenants", "createTenant"),
    at(Method::POST, "/tenants/search", "searchTenants"),
    at(Method::DELETE, "/tenants/{tenantId}", "deleteTenant"),
    at(Method::GET, "/tenants/{tenantId}", "getTenant"),
    at(Method::PUT, "/tenants/{tenantId}", "updateTenant"),
    at(Method::POST, "/tenants/{tenantId}/clients/search", "searchClientsForTenant"),
    at(Method::DELETE, "/tenants/{tenantId}/clients/{clientId}", "unassignClientFromTenant"),
    at(Method::PUT, "/tenants/{tenantId}/clients/{clientId}", "assignClientToTenant"),
    at(Method::POST, "/tenants/{tenantId}/groups/search", "searchGroupIdsForTenant"),
    at(Method::DELETE, "/tenants/{tenantId}/groups/{groupId}", "unassignGroupFromTenant"),
    at(Method::PUT, "/tenants/{tenantId}/groups/{groupId}", "assignGroupToTenant"),
    at(Method::POST, "/tenants/{tenantId}/mapping-rules/search", "searchMappingRulesForTenant"),
    at(Method::DELETE, "/tenants/{tenantId}/mapping-rules/{mappingRuleId}", "unassignMappingRuleFromTenant"),
    at(Method::PUT, "/tenants/{tenantId}/mapping-rules/{mappingRuleId}", "assignMappingRuleToTenant"),
    at(Method::POST, "/tenants/{tenantId}/roles/search", "searchRolesForTenant"),
    at(Method::DELETE, "/tenants/{tenantId}/roles/{roleId}", "unassignRoleFromTenant"),
    at(Method::PUT, "/tenants/{tenantId}/roles/{roleId}", "assignRoleToTenant"),
    at(Method::POST, "/tenants/{tenantId}/users/search", "searchUsersForTenant"),
    at(Method::DELETE, "/tenants/{tenantId}/users/{username}", "unassignUserFromTenant"),
    at(Method::PUT, "/tenants/{tenantId}/users/{username}", "assignUserToTenant"),
    // User.
    at(Method::POST, "/users", "createUser"),
    at(Method::POST, "/users/search", "searchUsers"),
    at(Method::DELETE, "/users/{username}", "deleteUser"),
    at(Method::GET, "/users/{username}", "getUser"),
    at(Method::PUT, "/users/{username}", "updateUser"),
    // User task.
    at(Method::POST, "/user-tasks/search", "searchUserTasks"),
    at(Method::GET, "/user-tasks/{userTaskKey}", "getUserTask"),
    at(Method::PATCH, "/user-tasks/{userTaskKey}", "updateUserTask"),
    at(Method::DELETE, "/user-tasks/{userTaskKey}/assignee", "unassignUserTask"),
    at(Method::POST, "/user-tasks/{userTaskKey}/assignment", "assignUserTask"),
    at(Method::POST, "/user-tasks/{userTaskKey}/audit-logs/search", "searchUserTaskAuditLogs"),
    at(Method::POST, "/user-tasks/{userTaskKey}/completion", "completeUserTask"),
    at(
        Method::POST,
        "/user-tasks/{userTaskKey}/effective-variables/search",
        "searchUserTaskEffectiveVariables",
    ),
    at(Method::GET, "/user-tasks/{userTaskKey}/form", "getUserTaskForm"),
    at(Method::POST, "/user-tasks/{userTaskKey}/variables/search", "searchUserTaskVariables"),
    // Variable.
    at(Method::POST, "/variables/search", "searchVariables"),
    at(Method::GET, "/variables/{variableKey}", "getVariable"),
];
