using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Options;

/// <summary>
/// Reads sections before the host is built, because they decide what it is built of, and collects what is wrong with all of them.
/// The same sections are registered for whoever asks for <c>IOptions</c>.
/// </summary>
internal sealed class OptionsReader(HostApplicationBuilder builder)
{
    private readonly List<string> _problems = [];

    public TOptions Read<TOptions, TValidator>(string name)
        where TOptions : class, new()
        where TValidator : class, IValidateOptions<TOptions>, new()
    {
        builder.Services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
        builder.Services.AddOptions<TOptions>().BindConfiguration(name);

        TOptions options = new();
        foreach (IConfigurationSection option in builder.Configuration.GetSection(name).GetChildren())
        {
            Set(options, option);
        }

        ValidateOptionsResult result = new TValidator().Validate(null, options);
        _problems.AddRange(result.Failures ?? []);
        return options;
    }

    public void ThrowIfWrong()
    {
        if (_problems.Count > 0)
        {
            throw new OptionsValidationException("silo", typeof(SiloHost), _problems);
        }
    }

    private void Set<TOptions>(TOptions options, IConfigurationSection option)
        where TOptions : class
    {
        if (typeof(TOptions).GetProperties().FirstOrDefault(p => p.Name.Equals(option.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
        {
            _problems.Add($"there is no option {option.Path}");
            return;
        }

        try
        {
            // Strict, because the binder leaves elements of lists that it cannot read out without a word.
            object? value = option.Get(property.PropertyType, static binder => binder.ErrorOnUnknownConfiguration = true);
            property.SetValue(options, value ?? (typeof(IEnumerable<object>).IsAssignableFrom(property.PropertyType) ? throw new InvalidOperationException("it is not a list") : value));
        }
        catch (InvalidOperationException error) when (typeof(IEnumerable<object>).IsAssignableFrom(property.PropertyType))
        {
            _problems.Add($"{option.Path} cannot be read: {error.GetBaseException().Message}");
        }
        catch (InvalidOperationException)
        {
            Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            string expected = type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
                : type == typeof(TimeSpan) ? "a time such as 00:00:05"
                : type == typeof(bool) ? "true or false"
                : "a number";
            _problems.Add($"{option.Path} is '{option.Value}'; it must be {expected}");
        }
    }
}
