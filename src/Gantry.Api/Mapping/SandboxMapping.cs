using Gantry.Api.Types;
using Gantry.Core.Errors;
using Gantry.Core.Sandboxes;

namespace Gantry.Api.Mapping;

/// <summary>Sandboxes.</summary>
public static class SandboxMapping
{
    /// <summary>The sandbox as a message.</summary>
    /// <param name="sandbox">The sandbox.</param>
    public static Sandbox ToMessage(this SandboxRecord sandbox)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        Sandbox message = new()
        {
            SandboxId = sandbox.Id,
            Sandboxer = sandbox.Sandboxer,
            Runtime = new Sandbox.Types.Runtime
            {
                Name = sandbox.RuntimeName,
                Options = sandbox.RuntimeOptions.ToMessage(),
            },
            Spec = sandbox.Spec.ToMessage(),
            CreatedAt = sandbox.CreatedAt.ToMessage(),
            UpdatedAt = sandbox.UpdatedAt.ToMessage(),
        };
        message.Labels.Fill(sandbox.Labels);
        message.Extensions.Fill(sandbox.Extensions);
        return message;
    }

    /// <summary>The sandbox as a record. A runtime that is absent has an empty name.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static SandboxRecord ToRecord(this Sandbox? message)
    {
        message = Required.Message(message, "sandbox");
        return new SandboxRecord(message.SandboxId)
        {
            Sandboxer = message.Sandboxer,
            RuntimeName = message.Runtime?.Name ?? "",
            RuntimeOptions = message.Runtime?.Options.ToRecord(),
            Spec = message.Spec.ToRecord(),
            Labels = message.Labels.ToRecord(),
            Extensions = message.Extensions.ToRecord(),
            CreatedAt = message.CreatedAt.ToRecord(),
            UpdatedAt = message.UpdatedAt.ToRecord(),
        };
    }
}
