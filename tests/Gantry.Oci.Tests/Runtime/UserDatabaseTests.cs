using Gantry.Oci.Runtime;
using Xunit;

namespace Gantry.Oci.Tests.Runtime;

public sealed class UserDatabaseTests
{
    private const string Passwd =
        "root:x:0:0:root:/root:/bin/sh\n# a comment\n\nbroken\nbad:x:no:1:::\napp:x:1000:1001:app:/home/app:/bin/sh\n";

    private const string Group =
        "root:x:0:\nwheel:x:10:app,root\napp:x:1001:\nextra:x:2000:app, other\nbad:x:no:app\n";

    private readonly UserDatabase _users = new(Passwd, Group);

    [Theory]
    [InlineData("", 0, 0, new uint[] { 0, 10 })]
    [InlineData("root", 0, 0, new uint[] { 0, 10 })]
    [InlineData("0", 0, 0, new uint[] { 0, 10 })]
    [InlineData("app", 1000, 1001, new uint[] { 1001, 10, 2000 })]
    [InlineData("1000", 1000, 1001, new uint[] { 1001, 10, 2000 })]
    [InlineData("app:wheel", 1000, 10, new uint[] { 10, 2000 })]
    [InlineData("app:10", 1000, 10, new uint[] { 10, 2000 })]
    [InlineData("4711", 4711, 0, new uint[] { 0 })]
    [InlineData("4711:4712", 4711, 4712, new uint[] { 4712 })]
    public void A_user_is_found_by_name_or_id(string text, uint uid, uint gid, uint[] groups)
    {
        SpecUser user = _users.Resolve(text);

        Assert.Equal(uid, user.Uid);
        Assert.Equal(gid, user.Gid);
        Assert.Equal(groups, user.AdditionalGids);
    }

    [Theory]
    [InlineData("nobody", "no users found")]
    [InlineData("app:nogroup", "no groups found")]
    [InlineData("a:b:c", "invalid user")]
    [InlineData(":", "invalid user")]
    [InlineData("app:", "invalid user")]
    [InlineData("-1", "no users found")]
    [InlineData("99999999999", "no users found")]
    public void What_is_no_user_is_refused(string text, string reason)
    {
        FormatException error = Assert.Throws<FormatException>(() => _users.Resolve(text));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_files_only_numbers_can_be_used()
    {
        UserDatabase none = new(null, null);

        SpecUser user = none.Resolve("7:8");

        Assert.Equal((7u, 8u), (user.Uid, user.Gid));
        Assert.Contains(
            "no /etc/passwd",
            Assert.Throws<FormatException>(() => none.Resolve("app")).Message,
            StringComparison.Ordinal);
    }
}
