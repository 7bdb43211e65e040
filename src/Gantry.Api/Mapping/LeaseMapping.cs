using Gantry.Api.Services.Leases;
using Gantry.Core.Errors;
using Gantry.Core.Leases;
using Lease = Gantry.Core.Leases.Lease;
using LeaseMessage = Gantry.Api.Services.Leases.Lease;

namespace Gantry.Api.Mapping;

/// <summary>Leases and what they keep.</summary>
public static class LeaseMapping
{
    /// <summary>The lease as a message.</summary>
    /// <param name="lease">The lease.</param>
    public static LeaseMessage ToMessage(this Lease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        LeaseMessage message = new() { Id = lease.Id, CreatedAt = lease.CreatedAt.ToMessage() };
        message.Labels.Fill(lease.Labels);
        return message;
    }

    /// <summary>The lease as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static Lease ToRecord(this LeaseMessage? message)
    {
        message = Required.Message(message, "lease");
        return new Lease(message.Id, message.CreatedAt.ToRecord(), message.Labels.ToRecord());
    }

    /// <summary>The resource as a message.</summary>
    /// <param name="resource">The resource.</param>
    public static Resource ToMessage(this LeaseResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return new Resource { Id = resource.Id, Type = resource.Type };
    }

    /// <summary>The resource as a record.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="GantryException">InvalidArgument: it is absent.</exception>
    public static LeaseResource ToRecord(this Resource? message)
    {
        message = Required.Message(message, "resource");
        return new LeaseResource(message.Id, message.Type);
    }
}
