using Gantry.Api.Events;
using Gantry.Api.Types;
using Gantry.Core;
using Gantry.Core.Errors;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gantry.Api.Tests;

public sealed class TypeUrlTests
{
    [Fact]
    public void A_packed_message_bears_its_bare_full_name()
    {
        Assert.Equal("containerd.events.TaskExit", TypeUrl.Pack(new TaskExit { Pid = 7 }).TypeUrl);
        Assert.Equal("containerd.events.TaskExit", TypeUrl.PackAny(new TaskExit { Pid = 7 }).TypeUrl);
    }

    [Fact]
    public void The_message_with_another_name_here_bears_that_of_the_wire()
    {
        Assert.Equal("containerd.types.Descriptor", TypeUrl.Pack(new ContentDescriptor()).TypeUrl);
        Assert.True(TypeUrl.TryUnpack(new Any { TypeUrl = "containerd.types.Descriptor" }, out ContentDescriptor? _));
    }

    [Fact]
    public void The_name_of_every_message_is_that_of_its_description()
    {
        IMessage[] messages = [.. typeof(TypeUrl).Assembly.GetTypes()
            .Where(type => typeof(IMessage).IsAssignableFrom(type))
            .Select(type => (IMessage)Activator.CreateInstance(type)!)];

        Assert.All(messages, message => Assert.Equal(TypeUrl.Of(message.Descriptor), TypeUrl.Of(message)));
        Assert.True(messages.Length > 300, "hardly any message was found");
    }

    [Fact]
    public void What_was_packed_is_unpacked()
    {
        Assert.True(TypeUrl.TryUnpack(TypeUrl.Pack(new TaskExit { Pid = 7 }), out TaskExit? fromBytes));
        Assert.True(TypeUrl.TryUnpack(TypeUrl.PackAny(new TaskExit { Pid = 8 }), out TaskExit? fromAny));
        Assert.Equal(7u, fromBytes.Pid);
        Assert.Equal(8u, fromAny.Pid);
    }

    [Fact]
    public void A_name_with_the_prefix_of_other_languages_is_understood()
    {
        Any any = new()
        {
            TypeUrl = "type.googleapis.com/containerd.events.TaskExit",
            Value = new TaskExit { Pid = 7 }.ToByteString(),
        };

        Assert.True(TypeUrl.TryUnpack(any, out TaskExit? exit));
        Assert.Equal(7u, exit.Pid);
    }

    [Fact]
    public void Another_type_and_nothing_at_all_are_not_unpacked()
    {
        Assert.False(TypeUrl.TryUnpack(TypeUrl.Pack(new TaskStart()), out TaskExit? _));
        Assert.False(TypeUrl.TryUnpack((Any?)null, out TaskExit? _));
        Assert.False(TypeUrl.TryUnpack((TypedBytes?)null, out TaskExit? _));
    }

    [Fact]
    public void A_malformed_value_is_an_invalid_argument()
    {
        TypedBytes broken = new("containerd.events.TaskExit", new byte[] { 0x0a, 0x7f });

        GantryException error = Assert.Throws<GantryException>(() => TypeUrl.TryUnpack(broken, out TaskExit? _));

        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("containerd.events.TaskExit", error.Message, StringComparison.Ordinal);
    }
}
