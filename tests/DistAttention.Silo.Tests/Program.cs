using DistAttention.Silo.Tests.Membership;

return await MembershipWriter.RunAsync(args[0], int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture));
