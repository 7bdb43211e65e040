namespace Gantry.Shim.Events;

/// <summary>The topics of a task's events.</summary>
internal static class TaskTopics
{
    public const string Create = "/tasks/create";
    public const string Start = "/tasks/start";
    public const string Oom = "/tasks/oom";
    public const string Exit = "/tasks/exit";
    public const string Delete = "/tasks/delete";
    public const string ExecAdded = "/tasks/exec-added";
    public const string ExecStarted = "/tasks/exec-started";
    public const string Paused = "/tasks/paused";
    public const string Checkpointed = "/tasks/checkpointed";
    public const string Resumed = "/tasks/resumed";
}
