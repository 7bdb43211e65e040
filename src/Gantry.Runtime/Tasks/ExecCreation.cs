using Gantry.Core;

namespace Gantry.Runtime.Tasks;

/// <summary>A further process for a task.</summary>
/// <param name="ExecId">Its id, an identifier.</param>
/// <param name="Spec">Its OCI process spec, passed on byte for byte.</param>
/// <param name="Io">Its streams.</param>
public sealed record ExecCreation(string ExecId, TypedBytes Spec, TaskIo Io);
