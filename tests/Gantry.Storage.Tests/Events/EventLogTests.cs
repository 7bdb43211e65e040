using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Namespaces;
using Gantry.Storage.Events;
using Gantry.Testing;
using Xunit;

namespace Gantry.Storage.Tests.Events;

public sealed class EventLogTests : IDisposable
{
    private static readonly Namespace Ns = Namespace.Parse("default");

    private readonly TempDirectory _directory = new();
    private readonly SettableTime _time = new();
    private readonly CollectingLogger _told = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_was_kept_is_there_again_byte_for_byte()
    {
        EventEnvelope kept;
        using (EventLog log = Open())
        {
            kept = log.Append(Event("/tasks/exit", [1, 2, 3]));
            log.Append(Event("/tasks/delete", []) with { Namespace = default });
        }

        using EventLog again = Open();
        EventEnvelope[] read = [.. again.Read(0, again.Last)];

        Assert.Equal([1, 2], read.Select(it => it.Sequence));
        Assert.Equal((kept.Timestamp, Ns, "/tasks/exit", "type/x"), (read[0].Timestamp, read[0].Namespace, read[0].Topic, read[0].Event.TypeUrl));
        Assert.Equal(new byte[] { 1, 2, 3 }, read[0].Event.Value.ToArray());
        Assert.Equal("", read[1].Namespace.ToString());
    }

    [Fact]
    public void A_daemon_that_was_killed_goes_on_with_the_next_number()
    {
        EventLog killed = Open();
        killed.Append(Event());
        killed.Append(Event());

        using EventLog next = Open();

        Assert.Equal(3ul, next.Append(Event()).Sequence);
        Assert.Equal([1, 2, 3], Numbers(next));
        killed.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(40)]
    public void A_record_that_was_cut_off_is_gone_and_those_before_it_are_not(int cut)
    {
        using (EventLog log = Open())
        {
            log.Append(Event());
            log.Append(Event());
        }

        string file = Assert.Single(Files());
        using (FileStream stream = new(file, FileMode.Open))
        {
            stream.SetLength(stream.Length - cut);
        }

        using EventLog again = Open();

        Assert.Equal([1], Numbers(again));
        Assert.Equal(2ul, again.Append(Event()).Sequence);
        Assert.Equal([1, 2], Numbers(again));
    }

    [Fact]
    public void A_damaged_record_ends_what_can_be_read_of_its_file()
    {
        using (EventLog log = Open())
        {
            log.Append(Event());
            log.Append(Event());
        }

        string file = Assert.Single(Files());
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);

        using EventLog again = Open();

        Assert.Equal([1], Numbers(again));
    }

    [Fact]
    public void Damage_in_the_middle_is_told_and_no_number_comes_twice_for_it()
    {
        using (EventLog log = Open())
        {
            log.Append(Event());
            log.Append(Event());
            log.Append(Event());
        }

        string file = Assert.Single(Files());
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);

        using EventLog again = Open();
        ulong next = again.Append(Event()).Sequence;

        Assert.True(next > 3, $"{next}");
        Assert.Equal([1, next], Numbers(again));
        Assert.Contains("is damaged at byte", Assert.Single(_told.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_says_it_begins_with_nothing_is_left_alone()
    {
        using (EventLog log = Open())
        {
            log.Append(Event());
        }

        string file = Assert.Single(Files());
        byte[] bytes = File.ReadAllBytes(file);
        bytes[8] = 0;
        File.WriteAllBytes(file, bytes);

        using EventLog again = Open();

        Assert.Equal((1ul, 0ul), (again.Oldest, again.Last));
    }

    [Fact]
    public void A_file_that_is_no_log_is_left_alone()
    {
        File.WriteAllText(_directory["00000000000000000001.events"], "something else");

        using EventLog log = Open();

        Assert.Equal(0ul, log.Last);
        Assert.Empty(log.Read(0, 100));
        Assert.Equal("something else", File.ReadAllText(_directory["00000000000000000001.events"]));
    }

    [Fact]
    public void After_a_restart_of_the_machine_no_number_comes_twice()
    {
        using (EventLog log = Open())
        {
            log.Append(Event());
        }

        File.WriteAllText(_directory["boot"], "another");
        using EventLog next = Open();
        ulong number = next.Append(Event()).Sequence;

        Assert.Equal(1 + EventLog.Leap + 1, number);
        Assert.Equal([1, number], Numbers(next));
        Assert.Equal(1ul, next.Oldest);
    }

    [Fact]
    public void After_a_restart_of_the_machine_no_number_comes_twice_when_the_daemon_starts_twice()
    {
        using (EventLog log = Open())
        {
            log.Append(Event());
        }

        File.WriteAllText(_directory["boot"], "another");
        Open().Dispose();
        using EventLog second = Open();

        Assert.Equal(1 + EventLog.Leap + 1, second.Append(Event()).Sequence);
    }

    [Fact]
    public void After_a_restart_of_the_machine_that_took_the_files_no_number_comes_twice()
    {
        Open().Dispose();
        File.WriteAllText(_directory["boot"], "another");

        using EventLog next = Open();

        Assert.Equal(EventLog.Leap, next.Resolve(EventCursor.Earliest));
        Assert.Equal(EventLog.Leap, next.Resolve(new EventCursor(null, _time.GetUtcNow().AddDays(-1))));
        Assert.Equal(EventLog.Leap + 1, next.Append(Event()).Sequence);
    }

    [Fact]
    public void When_all_have_become_too_old_numbers_go_on_after_a_restart()
    {
        EventLogOptions options = new() { MaxAge = TimeSpan.FromHours(1) };
        using (EventLog log = Open(options))
        {
            log.Append(Event());
            log.Append(Event());
            _time.Advance(TimeSpan.FromHours(2));
            log.Prune();
            log.Prune();

            Assert.Empty(Numbers(log));
            Assert.Equal(2ul, log.Resolve(new EventCursor(null, _time.GetUtcNow().AddMinutes(-10))));
        }

        using EventLog again = Open(options);

        Assert.Equal((3ul, 2ul), (again.Oldest, again.Last));
        Assert.Equal(3ul, again.Append(Event("/large", new byte[4 << 20])).Sequence);
        Assert.Equal([3], Numbers(again));
    }

    [Fact]
    public void Nobody_else_reads_what_is_kept()
    {
        const UnixFileMode everybody = UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(_directory.Path, File.GetUnixFileMode(_directory.Path) | everybody);

        using EventLog log = Open();
        log.Append(Event());

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_directory.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Assert.Single(Files())));
    }

    [Fact]
    public void What_comes_after_the_end_has_a_number_and_makes_no_file()
    {
        EventLog log = Open();
        log.Dispose();

        Assert.Equal(1ul, log.Append(Event()).Sequence);
        log.Prune();
        log.Dispose();

        Assert.Empty(Files());
        Assert.Contains("cannot be kept", Assert.Single(_told.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void No_more_are_kept_than_the_greatest_number_and_nearly_as_many()
    {
        using EventLog log = Open(new EventLogOptions { MaxCount = 320 });
        for (int i = 0; i < 2000; i++)
        {
            log.Append(Event());
        }

        ulong[] numbers = Numbers(log);
        Assert.InRange(numbers.Length, 300, 320);
        Assert.Equal(log.Oldest, numbers[0]);
        Assert.Equal(2000ul, numbers[^1]);
    }

    [Fact]
    public void The_count_is_still_right_after_a_restart()
    {
        EventLogOptions options = new() { MaxCount = 320 };
        for (int start = 0; start < 10; start++)
        {
            using EventLog log = Open(options);
            for (int i = 0; i < 100; i++)
            {
                log.Append(Event());
            }
        }

        using EventLog again = Open(options);
        Assert.InRange(Numbers(again).Length, 300, 320);
    }

    [Fact]
    public void The_files_take_no_more_than_their_greatest_size()
    {
        using EventLog log = Open(new EventLogOptions { MaxBytes = 64 * 1024 });
        for (int i = 0; i < 1000; i++)
        {
            log.Append(Event("/a", new byte[1000]));
        }

        Assert.InRange(Files().Sum(file => new FileInfo(file).Length), 48 * 1024, 66 * 1024);
    }

    [Fact]
    public void What_is_too_old_goes()
    {
        using EventLog log = Open(new EventLogOptions { MaxAge = TimeSpan.FromHours(1) });
        log.Append(Event());
        _time.Advance(TimeSpan.FromMinutes(10));
        log.Prune();
        log.Append(Event());
        Assert.Equal([1, 2], Numbers(log));

        _time.Advance(TimeSpan.FromMinutes(55));
        log.Prune();
        Assert.Equal([2], Numbers(log));

        _time.Advance(TimeSpan.FromMinutes(20));
        log.Prune();
        Assert.Empty(Numbers(log));
        Assert.Equal((3ul, 2ul), (log.Oldest, log.Last));
        Assert.Equal(3ul, log.Append(Event()).Sequence);
    }

    [Fact]
    public void A_cursor_is_the_number_after_which_reading_begins()
    {
        using EventLog log = Open();
        log.Append(Event());
        DateTimeOffset between = _time.GetUtcNow() + TimeSpan.FromMinutes(1);
        _time.Advance(TimeSpan.FromMinutes(2));
        log.Append(Event());

        Assert.Equal(0ul, log.Resolve(EventCursor.Earliest));
        Assert.Equal(1ul, log.Resolve(EventCursor.Parse("1")));
        Assert.Equal(1ul, log.Resolve(new EventCursor(null, between)));
        Assert.Equal(2ul, log.Resolve(new EventCursor(null, between.AddMinutes(5))));
        Assert.Equal(0ul, log.Resolve(new EventCursor(null, between.AddDays(-1))));
    }

    [Fact]
    public void A_cursor_whose_events_are_gone_is_told_with_the_oldest_that_is_kept()
    {
        using EventLog log = Open(new EventLogOptions { MaxCount = 64 });
        DateTimeOffset before = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromMinutes(1));
        for (int i = 0; i < 200; i++)
        {
            log.Append(Event());
        }

        GantryException number = Assert.Throws<GantryException>(() => log.Resolve(EventCursor.Parse("3")));
        GantryException time = Assert.Throws<GantryException>(() => log.Resolve(new EventCursor(null, before)));
        GantryException future = Assert.Throws<GantryException>(() => log.Resolve(EventCursor.Parse("201")));

        Assert.All([number, time, future], failure => Assert.Equal(ErrorKind.OutOfRange, failure.Kind));
        Assert.Contains($"the oldest is {log.Oldest}", number.Message, StringComparison.Ordinal);
        Assert.Contains($"the oldest is {log.Oldest}", time.Message, StringComparison.Ordinal);
        Assert.Contains("the last is 200", future.Message, StringComparison.Ordinal);
        Assert.Equal(log.Oldest - 1, log.Resolve(EventCursor.Earliest));
    }

    [Fact]
    public void A_reader_that_the_bounds_overtake_is_told()
    {
        using EventLog log = Open(new EventLogOptions { MaxCount = 64 });
        for (int i = 0; i < 40; i++)
        {
            log.Append(Event());
        }

        using IEnumerator<EventEnvelope> reader = log.Read(0, log.Last).GetEnumerator();
        Assert.True(reader.MoveNext());
        for (int i = 0; i < 200; i++)
        {
            log.Append(Event());
        }

        GantryException failure = Assert.Throws<GantryException>(() =>
        {
            while (reader.MoveNext())
            {
                Assert.True(reader.Current.Sequence <= 40);
            }
        });
        Assert.Equal(ErrorKind.OutOfRange, failure.Kind);
    }

    [Fact]
    public void An_event_that_cannot_be_kept_has_its_number_all_the_same()
    {
        using EventLog log = Open();
        log.Append(Event());
        EventEnvelope large = log.Append(Event("/a", new byte[40 << 20]));
        log.Append(Event());

        Assert.Equal(2ul, large.Sequence);
        Assert.Equal([1, 3], Numbers(log));
    }

    private static ulong[] Numbers(EventLog log) => [.. log.Read(log.Resolve(EventCursor.Earliest), log.Last).Select(it => it.Sequence)];

    private string[] Files() => Directory.GetFiles(_directory.Path, "*.events");

    private EventLog Open(EventLogOptions? options = null) =>
        EventLog.Open(_directory.Path, options ?? new EventLogOptions(), _time, _told);

    private EventEnvelope Event(string topic = "/x", byte[]? payload = null) =>
        new(_time.GetUtcNow(), Ns, topic, new TypedBytes("type/x", payload ?? [7]));
}
