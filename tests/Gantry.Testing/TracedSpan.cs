using System.Text;

namespace Gantry.Testing;

/// <summary>A span as it came to a collector.</summary>
/// <param name="Service">The service that sent it.</param>
/// <param name="Trace">The trace, in hexadecimal digits.</param>
/// <param name="Id">Its id.</param>
/// <param name="Parent">The id of the span that it is in; empty for none.</param>
/// <param name="Name">What was done.</param>
/// <param name="Kind">1: within a process, 2: a call that came, 3: a call to another.</param>
/// <param name="Failed">Whether it failed.</param>
public sealed record TracedSpan(string Service, string Trace, string Id, string Parent, string Name, int Kind, bool Failed)
{
    /// <summary>The spans in a message <c>ExportTraceServiceRequest</c>.</summary>
    /// <param name="request">The message.</param>
    public static IReadOnlyList<TracedSpan> ReadAll(byte[] request)
    {
        List<TracedSpan> spans = [];
        foreach ((_, byte[] of) in Fields(request))
        {
            ILookup<int, byte[]> resourceSpans = Fields(of).ToLookup(field => field.Number, field => field.Bytes);
            string service = resourceSpans[1].SelectMany(Fields).Select(field => Attribute(field.Bytes))
                .Single(attribute => attribute.Key == "service.name").Value;
            spans.AddRange(resourceSpans[2].SelectMany(Fields).Where(field => field.Number == 2)
                .Select(field => Read(service, field.Bytes)));
        }

        return spans;
    }

    private static TracedSpan Read(string service, byte[] span)
    {
        ILookup<int, byte[]> fields = Fields(span).ToLookup(field => field.Number, field => field.Bytes);
        string Hex(int number) => Convert.ToHexStringLower(fields[number].SingleOrDefault() ?? []);
        return new TracedSpan(
            service,
            Hex(1),
            Hex(2),
            Hex(4),
            Encoding.UTF8.GetString(fields[5].Single()),
            fields[6].Single()[0],
            fields[15].Any());
    }

    private static (string Key, string Value) Attribute(byte[] pair)
    {
        ILookup<int, byte[]> fields = Fields(pair).ToLookup(field => field.Number, field => field.Bytes);
        return (Encoding.UTF8.GetString(fields[1].Single()), Encoding.UTF8.GetString(Fields(fields[2].Single()).Single().Bytes));
    }

    /// <summary>The fields of a message. A number is given as its last seven bits, which is all of those that are looked at.</summary>
    private static List<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        List<(int, byte[])> fields = [];
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Varint(message, ref at);
            int length = (tag & 7) switch
            {
                0 => 0,
                1 => 8,
                2 => (int)Varint(message, ref at),
                _ => throw new InvalidDataException($"wire type {tag & 7}"),
            };
            byte[] bytes = (tag & 7) == 0 ? [(byte)Varint(message, ref at)] : message[at..(at + length)];
            at += length;
            fields.Add(((int)(tag >> 3), bytes));
        }

        return fields;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
