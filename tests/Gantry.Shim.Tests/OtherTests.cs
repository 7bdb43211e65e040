namespace Gantry.Shim.Tests;

public sealed class OtherTests() : ExecutorSuite(Executors.Other);
