using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Gantry.Ttrpc.Tests;

/// <summary>A service with one method of each kind, made by hand as the generator makes them.</summary>
internal static class TestMethods
{
    public const string Service = "gantry.test.v1.Test";

    public static readonly Method<BytesValue, BytesValue> Unary = Make(MethodType.Unary, "Unary");
    public static readonly Method<BytesValue, BytesValue> Collect = Make(MethodType.ClientStreaming, "Collect");
    public static readonly Method<BytesValue, BytesValue> Spread = Make(MethodType.ServerStreaming, "Spread");
    public static readonly Method<BytesValue, BytesValue> Chat = Make(MethodType.DuplexStreaming, "Chat");

    public static readonly Method<BytesValue, BytesValue> NoSuchMethod = Make(MethodType.Unary, "Nope");

    public static readonly Method<BytesValue, BytesValue> NoSuchService =
        new(MethodType.Unary, "gantry.test.v1.Nope", "Unary", Marshal, Marshal);

    private static Marshaller<BytesValue> Marshal => Marshallers.Create(
        static (value, context) =>
        {
            context.SetPayloadLength(value.CalculateSize());
            value.WriteTo(context.GetBufferWriter());
            context.Complete();
        },
        static context => BytesValue.Parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    public static BytesValue Bytes(string text) => new() { Value = ByteString.CopyFromUtf8(text) };

    public static string Text(this BytesValue value) => value.Value.ToStringUtf8();

    private static Method<BytesValue, BytesValue> Make(MethodType type, string name) =>
        new(type, Service, name, Marshal, Marshal);
}
