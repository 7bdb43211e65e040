namespace Gantry.Shim.Tests;

public sealed class RuncTests() : ExecutorSuite("runc");
