using System.Text.Json;
using Gantry.Api.Events;
using Gantry.Api.Types.Task;
using Gantry.Core.Errors;
using Gantry.Shim.Events;

namespace Gantry.Shim.Containers;

/// <summary>A process that is added to a running container.</summary>
internal sealed class ExecProcess : ContainerProcess
{
    private readonly byte[] _spec;

    public ExecProcess(Container container, string id, StreamNames names, ReadOnlySpan<byte> spec)
        : base(container, id, names)
    {
        _spec = WithTerminal(spec, names.Terminal);
    }

    public override Status VisibleStatus => Container.Init.Status is Status.Paused ? Status.Paused : Status;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Transition.WaitAsync(cancellationToken);
        try
        {
            if (Deleted || Status is not Status.Created)
            {
                throw Cannot("start");
            }

            if (Container.Init.Ended.IsCompleted)
            {
                throw new GantryException(
                    ErrorKind.FailedPrecondition, $"container {Container.Id} init process is not running");
            }

            string pidFile = Path.Combine(Container.Bundle, $"{Id}.pid");
            string specFile = Path.Combine(Container.Bundle, $"{Id}.process.json");
            try
            {
                await File.WriteAllBytesAsync(specFile, _spec, cancellationToken);
                await MakeAsync(
                    ["exec", "--process", specFile, "--pid-file", pidFile, "--detach"],
                    Container.Id,
                    pidFile,
                    "OCI runtime exec failed",
                    cancellationToken);
            }
            catch (Exception e) when (e is GantryException or IOException)
            {
                EndWith(code: 255, Container.Time.GetUtcNow());
                throw;
            }
            finally
            {
                File.Delete(specFile);
                File.Delete(pidFile);
            }

            Status = Status.Running;
            Container.Publisher.Publish(
                TaskTopics.ExecStarted,
                "containerd.events.TaskExecStarted",
                new TaskExecStarted { ContainerId = Container.Id, ExecId = Id, Pid = (uint)Pid });
            BeginWatch();
        }
        finally
        {
            Transition.Release();
        }
    }

    public override async Task DeleteAsync(CancellationToken cancellationToken)
    {
        await Transition.WaitAsync(cancellationToken);
        try
        {
            if (Deleted || Status is Status.Running)
            {
                throw Cannot("delete");
            }

            await CloseStreamsAsync();
            Deleted = true;
            if (Status is Status.Created)
            {
                EndWith(code: 0, at: default);
            }
        }
        finally
        {
            Transition.Release();
        }
    }

    public override void Resize(uint columns, uint rows)
    {
        if (Ended.IsCompleted)
        {
            throw new GantryException(ErrorKind.Unknown, "cannot resize a stopped container");
        }

        base.Resize(columns, rows);
    }

    protected override Task OnEndedAsync()
    {
        Container.CheckOom();
        return Task.CompletedTask;
    }

    private GantryException Cannot(string verb) => Deleted
        ? new GantryException(ErrorKind.NotFound, $"cannot {verb} a deleted process")
        : new GantryException(ErrorKind.Unknown, $"cannot {verb} a {Status.ToString().ToLowerInvariant()} process");

    /// <summary>Whether there is a terminal is said twice: in the request, which counts, and in the spec.</summary>
    private static byte[] WithTerminal(ReadOnlySpan<byte> spec, bool terminal)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(spec.ToArray());
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
            {
                throw new GantryException(ErrorKind.InvalidArgument, "process spec: not an object");
            }

            bool said = document.RootElement.TryGetProperty("terminal", out JsonElement value)
                && value.ValueKind is JsonValueKind.True;
            return said == terminal ? spec.ToArray() : Rewrite(document.RootElement, terminal);
        }
        catch (JsonException e)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"process spec: not JSON, at byte {e.BytePositionInLine} of line {e.LineNumber}", e);
        }
    }

    private static byte[] Rewrite(JsonElement spec, bool terminal)
    {
        using MemoryStream result = new();
        using (Utf8JsonWriter writer = new(result))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("terminal", terminal);
            foreach (JsonProperty property in spec.EnumerateObject())
            {
                if (!property.NameEquals("terminal"))
                {
                    property.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return result.ToArray();
    }
}
