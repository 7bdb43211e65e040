using System.CommandLine;
using System.Text.Json;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Images;
using Gantry.Cli.Output;
using Gantry.Client.Tasks;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;

namespace Gantry.Cli.Daemon;

/// <summary><c>gantry inspect</c>: all that is known of a container or an image, as JSON.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Command command = new("inspect", "Show all that is known of a container or an image");
        Argument<string> name = new("name") { Description = "Id of a container, or name of an image" };
        command.Add(name);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            await InspectAsync(session, parse.GetValue(name)!);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static async Task InspectAsync(Session session, string name)
    {
        ContainerRecord container;
        try
        {
            container = await session.Scope.Containers.GetAsync(name, session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.InvalidArgument)
        {
            await InspectImageAsync(session, name);
            return;
        }

        ProcessState? state = await StateAsync(session, name);
        Json.WriteValue(json =>
        {
            json.WriteStartObject();
            WriteContainer(json, container);
            WriteTask(json, state);
            json.WriteEndObject();
        });
    }

    private static async Task<ProcessState?> StateAsync(Session session, string id)
    {
        try
        {
            return await session.Scope.Tasks.GetAsync(id, cancellationToken: session.Token);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }

    private static void WriteContainer(Utf8JsonWriter json, ContainerRecord container)
    {
        json.WriteString("ID", container.Id);
        json.WriteMap("Labels", container.Labels);
        json.WriteString("Image", container.Image);
        json.WriteStartObject("Runtime");
        json.WriteString("Name", container.RuntimeName);
        json.WriteTyped("Options", container.RuntimeOptions);
        json.WriteEndObject();
        json.WriteString("SnapshotKey", container.SnapshotKey);
        json.WriteString("Snapshotter", container.Snapshotter);
        json.WriteString("Sandbox", container.Sandbox);
        json.WriteString("CreatedAt", Human.Time(container.CreatedAt));
        json.WriteString("UpdatedAt", Human.Time(container.UpdatedAt));
        json.WriteStartObject("Extensions");
        foreach ((string key, Core.TypedBytes value) in container.Extensions)
        {
            json.WriteTyped(key, value);
        }

        json.WriteEndObject();
        json.WriteTyped("Spec", container.Spec);
    }

    private static void WriteTask(Utf8JsonWriter json, ProcessState? state)
    {
        json.WritePropertyName("Task");
        if (state is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteNumber("Pid", state.ProcessId);
        json.WriteString("Status", state.Status.ToString().ToLowerInvariant());
        if (state.Status is ProcessStatus.Stopped)
        {
            json.WriteNumber("ExitStatus", state.ExitStatus);
            if (state.ExitedAt is { } exitedAt)
            {
                json.WriteString("ExitedAt", Human.Time(exitedAt));
            }
        }

        json.WriteString("Stdin", state.Stdin);
        json.WriteString("Stdout", state.Stdout);
        json.WriteString("Stderr", state.Stderr);
        json.WriteBoolean("Terminal", state.Terminal);
        json.WriteEndObject();
    }

    private static async Task InspectImageAsync(Session session, string name)
    {
        ImageRecord image;
        try
        {
            image = await ImageLookup.FindAsync(session, name);
        }
        catch (GantryException e) when (e.Kind is ErrorKind.NotFound)
        {
            throw new GantryException(ErrorKind.NotFound, $"container or image \"{name}\"", e);
        }

        await ImageInspection.ShowAsync(session, image, PlatformMatcher.Default);
    }
}
