using Gantry.Core.Errors;

namespace Gantry.Server.Services;

/// <summary>Parts of a request that must be there.</summary>
internal static class Required
{
    /// <summary>The part, or an error.</summary>
    /// <param name="value">The part.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="GantryException">InvalidArgument: it is missing.</exception>
    public static T Of<T>(T? value, string name)
        where T : class =>
        value ?? throw new GantryException(ErrorKind.InvalidArgument, $"{name} must be set");
}
